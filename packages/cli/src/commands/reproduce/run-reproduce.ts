import { BENCHMARK_SHAPES } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { type Context, printJson } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { seedsFrom } from '../../output/measured-on.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import { Bench } from '../measure/bench.js';
import { besidePublished, type MeasuredColumn } from './measured-row.js';
import { type Order, orderOf } from './order.js';
import { type Report, type ReportedRow, reportDocument } from './report.js';
import { reportCsv } from './report-csv.js';
import { measuredLines, publishedLines, reportFooter, reportHeader } from './report-text.js';
import type { ReproduceFlags } from './reproduce.js';
import type { ReproducedRow } from './reproduction.js';

/** Method §7: ± is over ten repetitions. */
const PAPER_RESTARTS = 10;

/** Measures the chosen rows in turn, and tells each as it is done. */
export async function runReproduce(context: Context, what: string, flags: ReproduceFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const store = await DatasetStore.open(settings.dataDir);
  const order = await orderOf(store, what, flags);
  await using bench = await Bench.open(context, store, settings, order.specs);
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
  const jobs = specs.map((spec, index) => ({ spec, title: titleOf(spec.dataset, chosen[index]) }));
  /** What is published is there to read while the row's first job runs. */
  const begin = (row: ReproducedRow | undefined) => {
    if (row === undefined || rows.at(-1)?.row === row) return;
    tell(`${rows.length === 0 ? '' : '\n'}${publishedLines(row, style)}`);
    rows.push({ row, measured: [] });
  };
  tell(reportHeader(report, style));
  begin(chosen[0]?.row);
  let next = 0;
  for await (const outcome of bench.measureAll(jobs)) {
    const place = chosen[next++];
    const reported = rows.at(-1);
    if (place === undefined || reported === undefined) throw new RangeError('a measurement has no row');
    const measured = besidePublished(place.column, place.row.published, outcome);
    reported.measured.push(measured);
    tell(measuredLines(measured, place.row.published, style));
    await csv?.write(reportCsv(report));
    begin(chosen[next]?.row);
  }
  if (flags.json) printJson(context, reportDocument(report));
  else tell(reportFooter(report, style));
  return rows.every(isWhole) ? EXIT.ok : EXIT.failed;
}

function titleOf(dataset: string, place: Order['chosen'][number] | undefined): string {
  if (place === undefined) return dataset;
  const { epsilon, T } = place.row.setting;
  return `${dataset} ε ${epsilon}${T === undefined ? '' : ` T ${T}`} ${place.column.name}`;
}

function isWhole({ measured }: ReportedRow): boolean {
  return measured.every((column) => 'estimate' in column);
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
