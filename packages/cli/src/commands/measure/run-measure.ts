import { writeFile } from 'node:fs/promises';
import type { JobError, JobSpec, Result } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { type Context, printJson, remark } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { CommandError } from '../../failure.js';
import { jobsFromFlags } from '../../flags/job-flags.js';
import { type EstimateLine, estimatesTable } from '../../output/estimates-table.js';
import { resultText } from '../../output/result-text.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import { Bench, resolveAll } from './bench.js';
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
  await using bench = await Bench.open(context, store, settings, specs);
  const [only] = specs;
  return specs.length === 1 && only !== undefined
    ? await measureOne(context, bench, only, flags)
    : await sweep(context, bench, specs, flags);
}

async function measureOne(
  context: Context,
  bench: Bench,
  spec: JobSpec,
  flags: MeasureFlags,
): Promise<ExitCode> {
  const { result, files } = await bench.measure({ spec, title: spec.dataset });
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
  for await (const measured of bench.measureAll(specs.map((spec) => ({ spec, title: spec.dataset })))) {
    const { spec } = measured;
    points.push(
      'measurement' in measured
        ? { spec, estimate: measured.measurement.result }
        : { spec, error: measured.error },
    );
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
