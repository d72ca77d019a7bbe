import { hostname } from 'node:os';
import { fileArtifacts, type Measurement, MeasurementError, measure, Sweep } from '@levy/concentration';
import type { EngineClass, Fault, JobError, JobSpec } from '@levy/contracts';
import type { DatasetStore, LoadedDataset } from '@levy/datasets';
import { type Engine, EngineError, type EngineInfo } from '@levy/kernels';
import { datasetNameOf, resolveJob } from '@levy/plan';
import { type Context, remark } from '../../context.js';
import { engineClassFor, openEngine } from '../../engine.js';
import { EXIT } from '../../exit-code.js';
import { CommandError, RefusedJob } from '../../failure.js';
import type { FlaggedJob } from '../../flags/job-flags.js';
import { progressView } from '../../output/progress.js';
import type { CommandSettings } from '../../settings.js';

/** A job to measure, and what its progress is called. */
export interface TitledJob {
  readonly spec: JobSpec;
  readonly title: string;
}

/** What became of a job. */
export type Measured = { readonly spec: JobSpec } & (
  | { readonly measurement: Measurement }
  | { readonly error: Pick<JobError, 'kind' | 'detail'> }
);

/** What every job of one command shares: engine, artifacts and the data set last used. Dispose it. */
export class Bench implements AsyncDisposable {
  /** Of the engine that the command began with. */
  readonly engineInfo: EngineInfo;
  #loaded: LoadedDataset | undefined;
  #engine: Engine | undefined;

  private constructor(
    private readonly context: Context,
    private readonly store: DatasetStore,
    private readonly settings: CommandSettings,
    private readonly engineClass: EngineClass,
    engine: Engine,
  ) {
    this.engineInfo = engine.info;
    this.#engine = engine;
  }

  /** With the engine that fits these jobs. Throws CommandError where it cannot be had. */
  static async open(
    context: Context,
    store: DatasetStore,
    settings: CommandSettings,
    specs: readonly JobSpec[],
  ): Promise<Bench> {
    const engineClass = await engineClassFor(specs, store, context, settings);
    const engine = await openEngine(engineClass, context, settings).catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
      const advice = engineClass === 'gpu' ? '; --engine wasm computes on the processor' : '';
      throw new CommandError(EXIT.refused, error.message + advice, { cause: error });
    });
    return new Bench(context, store, settings, engineClass, engine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]();
    this.#engine = undefined;
  }

  /**
   * Measures one job, of a sweep if it is one of several; once more on a fresh engine if its device is lost, which finds
   * the steps that were done. Rejects with MeasurementError for what cannot be measured, with EngineError for faults of
   * the engine.
   */
  async measure(job: TitledJob, sweep?: Sweep): Promise<Measurement> {
    const timeout = AbortSignal.timeout(job.spec.timeoutSeconds * 1000);
    try {
      return await this.#measure(job, timeout, sweep);
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === 'device')) throw error;
      remark(this.context, `levy: ${error.message}; measuring again on a fresh engine, with what was kept`);
      await this[Symbol.asyncDispose]();
      return await this.#measure(job, timeout, sweep);
    }
  }

  async #measure({ spec, title }: TitledJob, timeout: AbortSignal, sweep?: Sweep): Promise<Measurement> {
    if (this.#loaded?.dataset.id !== spec.dataset) {
      this.#loaded = undefined;
      this.#loaded = await this.store.load(spec.dataset);
    }
    this.#engine ??= await openEngine(this.engineClass, this.context, this.settings);
    using view = progressView(this.context, title);
    try {
      return await measure(spec, {
        dataset: this.#loaded,
        engine: this.#engine,
        artifacts: fileArtifacts(this.settings.dataDir),
        host: hostname(),
        sweep,
        signal: AbortSignal.any([this.context.signal, timeout]),
        onProgress: (progress) => view.update(progress),
      });
    } catch (error) {
      if (error !== timeout.reason) throw error;
      throw new MeasurementError(
        'timeout',
        `it took longer than ${spec.timeoutSeconds} s (--timeout-seconds)`,
      );
    }
  }

  /**
   * Every job in the order given, each as soon as it is done; one that fails says so in its place. A pass that several
   * of them need is made once.
   */
  async *measureAll(jobs: readonly TitledJob[]): AsyncGenerator<Measured> {
    const sweep = new Sweep(jobs.map(({ spec }) => spec));
    for (const [index, { spec, title }] of jobs.entries()) {
      const numbered = `${index + 1}/${jobs.length} ${title}`;
      try {
        yield { spec, measurement: await this.measure({ spec, title: numbered }, sweep) };
      } catch (error) {
        if (this.context.signal.aborted || !(error instanceof Error)) throw error;
        const known = error instanceof MeasurementError || error instanceof EngineError;
        const kind = known ? error.kind : 'infrastructure';
        remark(this.context, `levy: ${numbered}: ${error.message}`);
        yield { spec, error: { kind, detail: error.message } };
      }
    }
  }
}

/** The specs of all jobs, or RefusedJob with every fault of every one of them: nothing is measured before. */
export async function resolveAll(store: DatasetStore, jobs: readonly FlaggedJob[]): Promise<JobSpec[]> {
  const specs: JobSpec[] = [];
  const faults: Fault[] = [];
  for (const job of jobs) {
    const name = datasetNameOf(job);
    const resolved = resolveJob(job, name === undefined ? undefined : await store.get(name));
    if (resolved.ok) specs.push(resolved.spec);
    else faults.push(...resolved.faults);
  }
  if (new Set(specs.map(({ engine }) => engine)).size > 1) {
    const detail = 'the jobs of one command share one engine: name one, or leave it out';
    faults.push({ pointer: '#/engine', code: 'one-engine', detail });
  }
  if (faults.length > 0) throw new RefusedJob(unique(faults));
  return specs;
}

function unique(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}
