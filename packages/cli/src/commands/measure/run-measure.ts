import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileArtifacts, type Measurement, MeasurementError, measure, Sweep } from '@levy/concentration';
import type { Fault, JobError, JobSpec, Result } from '@levy/contracts';
import { DatasetStore, type LoadedDataset } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { datasetNameOf, resolveJob } from '@levy/plan';
import { type Context, printJson, remark } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { CommandError, RefusedJob } from '../../failure.js';
import { type FlaggedJob, jobsFromFlags } from '../../flags/job-flags.js';
import { type EstimateLine, estimatesTable } from '../../output/estimates-table.js';
import { progressView } from '../../output/progress.js';
import { resultText } from '../../output/result-text.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import type { MeasureFlags } from './measure.js';

/** Measures the job or jobs that the flags describe, one after the other, on one engine. */
export async function runMeasure(context: Context, flags: MeasureFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const jobs = jobsFromFlags(flags);
  if (flags.region !== undefined && jobs.length > 1) {
    throw new CommandError(EXIT.refused, '--region keeps the region of one job; leave it out of a sweep');
  }
  const store = await DatasetStore.open(settings.dataDir);
  const specs = await resolveAll(store, jobs);
  await using engine = await createWasmEngine({ threads: settings.threads });
  const bench = new Bench(context, store, engine, settings.dataDir, new Sweep(specs));
  const [only] = specs;
  return specs.length === 1 && only !== undefined
    ? await measureOne(context, bench, only, flags)
    : await sweep(context, bench, specs, flags);
}

/** What every job of one command shares: engine, artifacts, the data set last used, and passes that several need. */
class Bench {
  #loaded: LoadedDataset | undefined;

  constructor(
    private readonly context: Context,
    private readonly store: DatasetStore,
    private readonly engine: Engine,
    private readonly dataDir: string,
    private readonly sweep: Sweep,
  ) {}

  async measure(spec: JobSpec, title: string): Promise<Measurement> {
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
        sweep: this.sweep,
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
}

async function measureOne(
  context: Context,
  bench: Bench,
  spec: JobSpec,
  flags: MeasureFlags,
): Promise<ExitCode> {
  const { result, files } = await bench.measure(spec, spec.dataset);
  if (flags.region !== undefined) {
    const region = files.find(({ name }) => name === 'region.npz');
    if (region === undefined) throw new CommandError(EXIT.failed, 'this measurement gave no region');
    await writeFile(flags.region, region.bytes);
    remark(context, `levy: the region is in ${flags.region}`);
  }
  if (flags.json) printJson(context, result);
  else context.stdout.write(resultText(spec.dataset, result, styleFor(context.stdout, context.env)));
  return EXIT.ok;
}

type Point = { readonly spec: JobSpec } & (
  | { readonly estimate: Result }
  | { readonly error: Pick<JobError, 'kind' | 'detail'> }
);

/** Every job in turn; one that fails is told in its place, and the others go on. */
async function sweep(
  context: Context,
  bench: Bench,
  specs: readonly JobSpec[],
  flags: MeasureFlags,
): Promise<ExitCode> {
  const points: Point[] = [];
  for (const [index, spec] of specs.entries()) {
    const title = `${index + 1}/${specs.length} ${spec.dataset}`;
    try {
      points.push({ spec, estimate: (await bench.measure(spec, title)).result });
    } catch (error) {
      if (context.signal.aborted || !(error instanceof Error)) throw error;
      const kind = error instanceof MeasurementError ? error.kind : 'infrastructure';
      points.push({ spec, error: { kind, detail: error.message } });
      remark(context, `levy: ${title}: ${error.message}`);
    }
  }
  if (flags.json) printJson(context, points);
  else context.stdout.write(estimatesTable(points.map(lineOf)));
  return points.every((point) => 'estimate' in point) ? EXIT.ok : EXIT.failed;
}

function lineOf(point: Point): EstimateLine {
  const { dataset, metric, epsilonExact } = point.spec;
  return 'estimate' in point
    ? { dataset, result: point.estimate }
    : { dataset, label: `${metric} ε ${epsilonExact}`, error: point.error.detail };
}

/** The specs of all jobs, or RefusedJob with every fault of every one of them: nothing is measured before. */
async function resolveAll(store: DatasetStore, jobs: readonly FlaggedJob[]): Promise<JobSpec[]> {
  const specs: JobSpec[] = [];
  const faults = new Map<string, Fault>();
  for (const job of jobs) {
    const name = datasetNameOf(job);
    const resolved = resolveJob(job, name === undefined ? undefined : await store.get(name));
    if (resolved.ok) specs.push(resolved.spec);
    else for (const fault of resolved.faults) faults.set(JSON.stringify(fault), fault);
  }
  if (specs.some(({ engine }) => engine === 'gpu')) {
    const detail = 'this release has no gpu engine; leave it out or choose "wasm"';
    faults.set('engine', { pointer: '#/engine', code: 'not-yet', detail });
  }
  if (faults.size > 0) throw new RefusedJob([...faults.values()]);
  return specs;
}
