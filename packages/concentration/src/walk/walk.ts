import type { JobSpec } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import type { Engine, Margins, Matrix, Rectangles } from '@levy/kernels';
import {
  type NeighboursStep,
  type Plan,
  type RowList,
  rowCount,
  type Step,
  type StepName,
  stepKey,
} from '@levy/plan';
import { type MeasurementContext, MeasurementError } from '../measurement.js';
import { Sweep } from '../sweep.js';
import { implementationOf } from './implementations.js';
import type { Outputs, StepOf } from './outputs.js';
import { planOn } from './plan-on.js';
import { ProgressMeter } from './progress-meter.js';
import { type LoadedRows, RowMatrices } from './row-matrices.js';

/**
 * One walk over a plan: computes each step once, or takes its artifact from the store, and lends steps the rows that
 * they share. Dispose it to free the engine's memory.
 */
export class Walk implements Disposable {
  /** value = stored / scale */
  readonly scale: number;
  /** Steps whose artifacts were already there, with how many. */
  readonly reused = new Map<StepName, number>();
  /** Seconds spent in each step, the steps it asked for not counted. */
  readonly seconds = new Map<StepName, number>();

  /** Keys asked for before: their artifacts are of this walk, or counted. */
  private readonly met = new Set<string>();
  /** Seconds that steps asked for by the running one have taken. */
  private nestedSeconds = 0;
  private readonly sweep: Sweep;
  private readonly matrices: RowMatrices;
  private readonly meter: ProgressMeter;

  constructor(
    private readonly plan: Plan,
    private readonly context: MeasurementContext,
  ) {
    this.scale = plan.dataset.scale;
    this.sweep = context.sweep ?? new Sweep([]);
    this.matrices = new RowMatrices(context.dataset, context.engine);
    this.meter = new ProgressMeter(plan.steps, context.onProgress);
  }

  get dataset(): LoadedDataset {
    return this.context.dataset;
  }

  get engine(): Engine {
    return this.context.engine;
  }

  get signal(): AbortSignal | undefined {
    return this.context.signal;
  }

  /** The output of a step: taken from the store where it has it, else computed and put there. */
  async get<N extends StepName>(step: StepOf<N> & { readonly name: N }): Promise<Outputs[N]> {
    this.signal?.throwIfAborted();
    const key = stepKey(step);
    const { codec, run } = implementationOf(step.name);
    const stored = await this.context.artifacts.get(key);
    if (stored !== undefined) {
      const output = await codec.decode(stored);
      if (!this.met.has(key)) this.reused.set(step.name, (this.reused.get(step.name) ?? 0) + 1);
      this.met.add(key);
      this.meter.end(key, { reused: true });
      return output;
    }
    const failure = this.sweep.failures.get(key);
    if (failure !== undefined) throw failure;
    this.met.add(key);
    this.meter.begin(key, step.name);
    const output = await this.timed(step.name, () => run(step, this)).catch((error: unknown) => {
      // A walk may go on without one of several candidates.
      this.meter.end(key, { reused: false });
      throw error;
    });
    await this.context.artifacts.put(key, await codec.encode(output));
    this.meter.end(key, { reused: false });
    return output;
  }

  /** The plan of this job, then those of the jobs of its sweep still to be measured that pass the test. */
  *plansAhead(test: (spec: JobSpec) => boolean): Generator<Plan> {
    yield this.plan;
    for (const spec of this.sweep.left) {
      if (spec.datasetDigest === this.plan.dataset.digest && test(spec)) yield planOn(spec, this.context);
    }
  }

  /** Whether a step has been computed, or found to be impossible. */
  async isSettled(step: Step): Promise<boolean> {
    const key = stepKey(step);
    return this.sweep.failures.has(key) || (await this.context.artifacts.has(key));
  }

  /** Keeps what the running step has found out about one, itself or another, before it is through. */
  async settle<N extends StepName>(
    step: StepOf<N> & { readonly name: N },
    outcome: Outputs[N] | MeasurementError,
  ): Promise<void> {
    const key = stepKey(step);
    if (outcome instanceof MeasurementError) {
      this.sweep.failures.set(key, outcome);
      return;
    }
    await this.context.artifacts.put(key, await implementationOf(step.name).codec.encode(outcome));
    // One that runs goes on for the others.
    if (this.met.has(key)) return;
    this.met.add(key);
    this.meter.end(key, { reused: false });
  }

  /** Counts the planned steps that nothing had to read, because what follows from them was there, as reused. */
  async countUnread(): Promise<void> {
    for (const { step, key } of this.plan.steps) {
      if (this.met.has(key) || !(await this.context.artifacts.has(key))) continue;
      this.met.add(key);
      this.reused.set(step.name, (this.reused.get(step.name) ?? 0) + 1);
    }
  }

  private async timed<R>(name: StepName, run: () => Promise<R>): Promise<R> {
    const outer = this.nestedSeconds;
    this.nestedSeconds = 0;
    const started = performance.now();
    try {
      return await run();
    } finally {
      const took = (performance.now() - started) / 1000;
      this.seconds.set(name, (this.seconds.get(name) ?? 0) + took - this.nestedSeconds);
      this.nestedSeconds = outer + took;
    }
  }

  /** Tells how far the running step is. */
  report(done: number, total: number, unit: string): void {
    this.meter.report(done, total, unit);
  }

  rowCount(rows: RowList): number {
    return rowCount(rows, this.plan.dataset);
  }

  /** The rows of a list in this process. */
  hostRows(rows: RowList): Matrix {
    return this.matrices.host(rows);
  }

  /** The rows of a list on the engine. */
  points(rows: RowList): Promise<LoadedRows> {
    return this.matrices.loaded(rows);
  }

  /** The fitted rows on the engine, densest first, ties by index (method §2.1). */
  async densityOrder(step: NeighboursStep): Promise<LoadedRows> {
    const loaded = this.matrices.ordered(step.rows);
    return loaded ?? this.matrices.loadOrdered(step.rows, await this.get(step));
  }

  neighbourRadii(rows: RowList, k: number): Promise<Outputs['neighbours']> {
    return this.matrices.whileLoaded(rows, (points) =>
      this.engine.neighbourRadii(points, 'l1', k, {
        signal: this.signal,
        onProgress: (done, total) => this.report(done, total, 'elementary steps'),
      }),
    );
  }

  /** Margins of a row list against rectangles, kept nowhere. */
  async margins(rows: RowList, rectangles: Rectangles): Promise<Margins> {
    const { points } = await this.points(rows);
    return this.engine.margins(points, { start: 0, end: points.rows }, rectangles, { signal: this.signal });
  }

  /** w·x of every row of a list for each direction w, in stored units: rows × directions, row-major. */
  async project(rows: RowList, directions: Float64Array): Promise<Float64Array> {
    const { points } = await this.points(rows);
    return this.engine.project(points, directions, { signal: this.signal });
  }

  [Symbol.dispose](): void {
    this.matrices[Symbol.dispose]();
  }
}
