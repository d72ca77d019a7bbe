import type { Dataset, Fault, JobSpec } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { datasetNameOf } from '@levy/plan';
import { type Context, printJson } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { RefusedJob } from '../../failure.js';
import { numberFrom } from '../../flags/job-flags.js';
import { CsvFile } from '../../output/csv-file.js';
import { seedsFrom } from '../../output/measured-on.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import { Bench, type Measured, resolveAll } from '../measure/bench.js';
import { type ConvergencePoint, pointOf } from './convergence.js';
import { convergenceJobs } from './convergence-jobs.js';
import {
  convergenceCsv,
  convergenceDocument,
  convergenceFooter,
  convergenceHeader,
  convergenceLine,
} from './convergence-output.js';
import type { ConvergenceFlags } from './study.js';

const MAX_SEEDS = 100;

/** What was asked for, checked: the specs of every point, in order. */
interface Order {
  readonly dataset: Dataset;
  readonly seeds: readonly number[];
  readonly points: readonly (readonly JobSpec[])[];
  readonly csv: CsvFile | undefined;
}

/** Measures every point in turn, and tells each as it is done. */
export async function runConvergence(context: Context, flags: ConvergenceFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const store = await DatasetStore.open(settings.dataDir);
  const { dataset, seeds, points: planned, csv } = await orderOf(store, flags);
  const specs = planned.flat();
  const [spec] = specs;
  if (spec === undefined) throw new RangeError('a study has at least one job');
  await using bench = await Bench.open(context, store, settings, specs);
  const style = styleFor(context.stdout, context.env);
  const tell = (text: string) => (flags.json ? undefined : context.stdout.write(text));
  const points: ConvergencePoint[] = [];
  const report = { dataset, seeds, engine: bench.engineInfo, spec, points };
  tell(convergenceHeader(report, style));
  let done: Measured[] = [];
  for await (const measured of bench.measureAll(
    specs.map((each) => ({ spec: each, title: titleOf(each) })),
  )) {
    done.push(measured);
    const wanted = planned[points.length] ?? [];
    if (done.length < wanted.length) continue;
    const point = pointOf(wanted, done, dataset);
    points.push(point);
    done = [];
    tell(convergenceLine(report, point, style));
    await csv?.write(convergenceCsv(report));
  }
  if (flags.json) printJson(context, convergenceDocument(report));
  else tell(convergenceFooter(report, style));
  return points.every(isWhole) ? EXIT.ok : EXIT.failed;
}

function titleOf(spec: JobSpec): string {
  const T = 'T' in spec ? ` T ${String(spec.T)}` : '';
  return `${spec.method} m ${spec.samples}${T} seed ${spec.seed}`;
}

function isWhole({ runs }: ConvergencePoint): boolean {
  return runs.every((run) => !('error' in run));
}

/** Throws RefusedJob with every fault of the flags and of the jobs that they make. */
async function orderOf(store: DatasetStore, flags: ConvergenceFlags): Promise<Order> {
  const faults: Fault[] = [];
  const count = numberFrom(flags.seeds);
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MAX_SEEDS;
  if (!isCount) {
    const detail = `"${flags.seeds}" is no whole number from 1 to ${MAX_SEEDS}`;
    faults.push({ parameter: '--seeds', code: 'range', detail });
  }
  if (flags['samples'] === undefined) {
    const detail = 'is required: sample sizes such as 250,1000,4000';
    faults.push({ parameter: '--samples', code: 'required', detail });
  }
  const csv = flags.csv === undefined ? undefined : await CsvFile.at(flags.csv, 'convergence.csv');
  if (csv !== undefined && !(csv instanceof CsvFile)) faults.push(csv);
  const name = datasetNameOf({ dataset: flags['dataset'] });
  const dataset = name === undefined ? undefined : await store.get(name);
  const first = numberFrom(String(flags['seed'] ?? 0));
  if (typeof first !== 'number') {
    faults.push({ parameter: '--seed', code: 'no-number', detail: `"${first}" is no number` });
  }
  const seeds = seedsFrom(typeof first === 'number' ? first : 0, isCount ? count : 1);
  const jobs = convergenceJobs(flags, seeds, dataset);
  const specs = await resolveAll(store, jobs.flat()).catch((error: unknown) => {
    if (!(error instanceof RefusedJob)) throw error;
    faults.push(...error.faults);
    return [];
  });
  if (faults.length > 0 || dataset === undefined) {
    throw new RefusedJob(faults, 'there is nothing to study as it stands');
  }
  const points = jobs.map((_, index) => specs.slice(index * seeds.length, (index + 1) * seeds.length));
  return { dataset, seeds, points, csv: csv instanceof CsvFile ? csv : undefined };
}
