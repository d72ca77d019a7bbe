import {
  BENCHMARK_SHAPES,
  type Dataset,
  type Fault,
  type JobSpec,
  jobSubmissionChecker,
} from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { type Context, printJson } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { RefusedJob } from '../../failure.js';
import { type FlaggedJob, jobFromFlags } from '../../flags/job-flags.js';
import { CsvFile } from '../../output/csv-file.js';
import { seedsFrom } from '../../output/measured-on.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import { Bench, resolveAll } from '../measure/bench.js';
import { besidePublished, type MeasuredColumn } from './measured-row.js';
import { type Report, type ReportedRow, reportDocument } from './report.js';
import { reportCsv } from './report-csv.js';
import { measuredLines, publishedLines, reportFooter, reportHeader } from './report-text.js';
import type { ReproduceFlags } from './reproduce.js';
import { type ReproducedRow, takesRestarts } from './reproduction.js';
import { type Selection, select } from './selection.js';

/** Method §7: ± is over ten repetitions. */
const PAPER_RESTARTS = 10;

/** What was asked for, checked: nothing is measured before all of it is. */
interface Order extends Selection {
  readonly specs: readonly JobSpec[];
  readonly dataset: Dataset;
  readonly csv: CsvFile | undefined;
}

/** Measures the chosen rows in turn, and tells each as it is done. */
export async function runReproduce(context: Context, what: string, flags: ReproduceFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const store = await DatasetStore.open(settings.dataDir);
  const order = await orderOf(store, what, flags);
  await using bench = await Bench.open(context, store, settings);
  return await measureRows(context, bench, order, flags);
}

async function measureRows(
  context: Context,
  bench: Bench,
  order: Order,
  flags: ReproduceFlags,
): Promise<ExitCode> {
  const { chosen, specs, csv } = order;
  const style = styleFor(context.stdout, context.env);
  const tell = (text: string) => (flags.json ? undefined : context.stdout.write(text));
  const rows: { row: ReproducedRow; measured: MeasuredColumn[] }[] = [];
  const report = { ...reportOf(order, bench), rows };
  tell(reportHeader(report, style));
  const jobs = specs.map((spec, index) => ({ spec, title: titleOf(spec.dataset, chosen[index]) }));
  let next = 0;
  for await (const outcome of bench.measureAll(jobs)) {
    const place = chosen[next++];
    if (place === undefined) throw new RangeError('there is one measurement for each column of each row');
    const { row, column } = place;
    let reported = rows.at(-1);
    if (reported?.row !== row) {
      tell(`${rows.length === 0 ? '' : '\n'}${publishedLines(row, style)}`);
      reported = { row, measured: [] };
      rows.push(reported);
    }
    const measured = besidePublished(column, row.published, outcome);
    reported.measured.push(measured);
    tell(measuredLines(measured, row.published, style));
    await csv?.write(reportCsv(report));
  }
  if (flags.json) printJson(context, reportDocument(report));
  else tell(reportFooter(report, style));
  return rows.every(isWhole) ? EXIT.ok : EXIT.failed;
}

function titleOf(dataset: string, place: Selection['chosen'][number] | undefined): string {
  if (place === undefined) return dataset;
  const { epsilon, T } = place.row.setting;
  return `${dataset} ε ${epsilon}${T === undefined ? '' : ` T ${T}`} ${place.column.name}`;
}

function isWhole({ measured }: ReportedRow): boolean {
  return measured.every((column) => 'estimate' in column);
}

/** Throws RefusedJob with every fault of the flags and of the jobs that they make. */
async function orderOf(store: DatasetStore, what: string, flags: ReproduceFlags): Promise<Order> {
  const { selection, faults } = select(what, flags);
  const common = jobFromFlags({ ...flags });
  faults.push(...fieldFaults(common));
  const csv =
    flags.csv === undefined ? undefined : await CsvFile.at(flags.csv, `${what}-${flags.dataset}.csv`);
  if (csv !== undefined && !(csv instanceof CsvFile)) faults.push(csv);
  const specs = await resolveAll(store, selection === undefined ? [] : jobsOf(selection, common)).catch(
    (error: unknown) => {
      if (!(error instanceof RefusedJob)) throw error;
      faults.push(...error.faults.filter((fault) => !faults.some((told) => told.detail === fault.detail)));
      return [];
    },
  );
  const dataset = selection && (await store.get(selection.reproduction.dataset));
  if (faults.length > 0 || selection === undefined || dataset === undefined) {
    throw new RefusedJob(faults, `${what} cannot be reproduced as asked`);
  }
  return { ...selection, specs, dataset, csv: csv instanceof CsvFile ? csv : undefined };
}

function jobsOf({ chosen }: Selection, { restarts, ...common }: FlaggedJob): FlaggedJob[] {
  return chosen.map(({ column }) => ({
    ...column.job,
    ...common,
    ...(restarts !== undefined && takesRestarts(column.job) ? { restarts } : {}),
  }));
}

/** What is wrong with the fields by themselves, whatever job they go into. */
function fieldFaults(fields: FlaggedJob): Fault[] {
  const { dataset: _, ...rest } = fields;
  return jobSubmissionChecker.faults(rest).filter(({ code }) => code !== 'required');
}

function reportOf(order: Order, bench: Bench): Omit<Report, 'rows'> {
  const { reproduced, reproduction, chosen, specs, dataset } = order;
  const restarts = specs.flatMap((spec) => ('restarts' in spec ? [spec.restarts] : []))[0];
  const rowNotes = chosen.flatMap(({ row }) => (row.note === undefined ? [] : [`${row.title}: ${row.note}`]));
  return {
    reproduced,
    reproduction,
    dataset,
    engine: bench.engineInfo,
    seeds: seedsFrom(specs[0]?.seed ?? 0, restarts ?? 1),
    incomparable: incomparableReasons(order),
    notes: [...new Set(rowNotes), ...restartsNotes(restarts)],
  };
}

function restartsNotes(restarts: number | undefined): string[] {
  if (restarts === undefined || restarts === PAPER_RESTARTS) return [];
  return [`our deviations are over ${restarts} restarts, the published ones over ${PAPER_RESTARTS}`];
}

function incomparableReasons({ reproduction, dataset: { splits, columns }, specs }: Order): string[] {
  const name = reproduction.dataset;
  const { train, test, columns: theirs } = BENCHMARK_SHAPES[name];
  const samples = specs[0]?.samples;
  const isTheirs = splits.train.rows === train && splits.test.rows === test && columns === theirs;
  const [published, ours] = [
    `${train} + ${test} rows × ${theirs}`,
    `${splits.train.rows} + ${splits.test.rows} rows × ${columns}`,
  ];
  return [
    ...(isTheirs ? [] : [`the paper's ${name} has ${published}, this one ${ours}`]),
    ...(samples === undefined
      ? []
      : [`fitted on ${samples} rows only; the published figures are of all ${train} training rows`]),
  ];
}
