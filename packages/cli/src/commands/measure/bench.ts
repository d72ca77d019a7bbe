import { hostname } from 'node:os';
import { fileArtifacts, type Measurement, MeasurementError, measure, Sweep } from '@levy/concentration';
import type { Fault, JobError, JobSpec } from '@levy/contracts';
import type { DatasetStore, LoadedDataset } from '@levy/datasets';
import { createWasmEngine, type Engine, type EngineInfo } from '@levy/kernels';
import { datasetNameOf, resolveJob } from '@levy/plan';
import { type Context, remark } from '../../context.js';
import { RefusedJob } from '../../failure.js';
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
  #loaded: LoadedDataset | undefined;

  private constructor(
    private readonly context: Context,
    private readonly store: DatasetStore,
    private readonly engine: Engine,
    private readonly dataDir: string,
  ) {}

  static async open(context: Context, store: DatasetStore, settings: CommandSettings): Promise<Bench> {
    const engine = await createWasmEngine({ threads: settings.threads });
    return new Bench(context, store, engine, settings.dataDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
  }

  get engineInfo(): EngineInfo {
    return this.engine.info;
  }

  /** Measures one job, of a sweep if it is one of several; rejects with MeasurementError for what cannot be measured. */
  async measure({ spec, title }: TitledJob, sweep?: Sweep): Promise<Measurement> {
    if (this.#loaded?.dataset.id !== spec.dataset) {
      this.#loaded = undefined;
      this.#loaded = await this.store.load(spec.dataset);
    }
    const timeout = AbortSignal.timeout(spec.timeoutSeconds * 1000);
    using view = progressView(this.context, title);
    try {
      return await measure(spec, {
        dataset: this.#loaded,
        engine: this.engine,
        artifacts: fileArtifacts(this.dataDir),
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
        const kind = error instanceof MeasurementError ? error.kind : 'infrastructure';
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
  if (specs.some(({ engine }) => engine === 'gpu')) {
    const detail = 'this release has no gpu engine; leave it out or choose "wasm"';
    faults.push({ pointer: '#/engine', code: 'not-yet', detail });
  }
  if (faults.length > 0) throw new RefusedJob(unique(faults));
  return specs;
}

function unique(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}
