import type { JobSpec, PublishedShare } from '@levy/contracts';
import { csvText } from '../../output/csv.js';
import { type MeasuredOn, measuredOnFields, measuredOnLine, UPPER_BOUND } from '../../output/measured-on.js';
import { epsilonText } from '../../output/numbers.js';
import type { Style } from '../../output/style.js';
import { TableLayout } from '../../output/table.js';
import { wrapped } from '../../output/wrapped.js';
import type { ConvergencePoint } from './convergence.js';

/** The study as it grows row by row. */
export interface ConvergenceReport extends MeasuredOn {
  /** Of the first job: what all of them share is read from it. */
  readonly spec: JobSpec;
  readonly points: readonly ConvergencePoint[];
}

const NOTE =
  'm ≥ T⁴ (m ≥ T² suffices, slower) is what the paper asks so that the optimum over all regions with T pieces converges to ' +
  'the concentration function as T grows; a search is a heuristic, so this is a note and no claim of quality.';
const EXACT_NOTE =
  'h(α): the exact concentration at α. h(own): the exact concentration at the region’s own test risk, mean over the seeds, ' +
  'since an estimate at α wanders with the risk that was sampled. excess: advRisk less h(own), in percentage points; below ' +
  'zero it is the chance of the test rows.';

function layoutOf(known: boolean): TableLayout {
  return new TableLayout([
    { title: 'percent of rows', width: 15 },
    { title: 'm', align: 'right', width: 7 },
    { title: 'T', align: 'right', width: 4 },
    { title: 'test risk', align: 'right', width: 13 },
    { title: 'test advRisk', align: 'right', width: 13 },
    ...(known
      ? ([
          { title: 'h(α)', align: 'right', width: 6 },
          { title: 'h(own)', align: 'right', width: 6 },
          { title: 'excess', align: 'right', width: 6 },
        ] as const)
      : []),
    { title: 'm ≥ T²', width: 6 },
    { title: 'm ≥ T⁴', width: 6 },
  ]);
}

export function convergenceHeader(report: ConvergenceReport, style: Style): string {
  const { dataset, spec, seeds } = report;
  const { metric, epsilon, epsilonExact, alpha, protocol } = spec;
  const setting = [metric, `ε ${epsilonText(epsilon, epsilonExact)}`, `α ${alpha}`, protocol].join(' · ');
  const title = style.bold(`Convergence on ${dataset.id} · ${setting}`);
  return `${title} · mean ± standard deviation over ${seeds.length} seeds\n\n${layoutOf(isKnown(report)).header()}`;
}

export function convergenceLine(report: ConvergenceReport, point: ConvergencePoint, style: Style): string {
  const { method, samples, T, test, exact, convergence, runs } = point;
  const known = isKnown(report);
  const yes = (answer: boolean | undefined) => (answer === undefined ? '' : answer ? 'yes' : 'no');
  const line = layoutOf(known).row([
    method,
    String(samples),
    T === undefined ? '' : String(T),
    share(test?.risk),
    share(test?.advRisk),
    ...(known ? [percents(exact?.concentration), percents(exact?.atOwnRisk), signed(exact?.excess)] : []),
    yes(convergence?.atLeastT2),
    yes(convergence?.atLeastT4),
  ]);
  const errors = new Set(runs.flatMap((run) => ('error' in run ? [run.error.detail] : [])));
  return line + [...errors].map((detail) => style.red(`  not measured: ${detail}\n`)).join('');
}

export function convergenceFooter(report: ConvergenceReport, style: Style): string {
  const told = [
    ...(isKnown(report) ? [wrapped(EXACT_NOTE)] : []),
    wrapped(NOTE),
    wrapped(UPPER_BOUND),
    style.dim(`${measuredOnLine(report)}\n`),
  ];
  return `\n${told.join('\n')}`;
}

/** The one document of `--json`. */
export function convergenceDocument(report: ConvergenceReport): object {
  const { metric, epsilon, epsilonExact, alpha, protocol } = report.spec;
  return {
    study: 'convergence',
    says: UPPER_BOUND,
    ...measuredOnFields(report),
    ...{ metric, epsilon, epsilonExact, alpha, protocol },
    points: report.points,
  };
}

/** RFC 4180, a row a point. */
export function convergenceCsv({ dataset, spec, engine, points, seeds }: ConvergenceReport): string {
  const header = [
    ...[
      'dataset',
      'datasetDigest',
      'metric',
      'epsilon',
      'epsilonExact',
      'alpha',
      'protocol',
      'seed',
      'seeds',
    ],
    ...['method', 'samples', 'T', 'measured', 'test.risk.mean', 'test.risk.std', 'test.advRisk.mean'],
    ...[
      'test.advRisk.std',
      'exact.concentration',
      'exact.atOwnRisk',
      'exact.excess',
      'atLeastT2',
      'atLeastT4',
    ],
    ...['engine', 'device', 'threads'],
  ];
  const { metric, epsilon, epsilonExact, alpha, protocol } = spec;
  const rows = points.map(({ method, samples, T, runs, test, exact, convergence }) => [
    ...[dataset.id, dataset.digest, metric, epsilon, epsilonExact, alpha, protocol, seeds[0], seeds.length],
    ...[method, samples, T, runs.filter((run) => !('error' in run)).length, test?.risk.mean, test?.risk.std],
    ...[test?.advRisk.mean, test?.advRisk.std, exact?.concentration, exact?.atOwnRisk, exact?.excess],
    ...[convergence?.atLeastT2, convergence?.atLeastT4, engine.engine, engine.device, engine.threads],
  ]);
  return csvText(header, rows);
}

function isKnown({ dataset }: ConvergenceReport): boolean {
  return dataset.distribution !== undefined;
}

function share(value: PublishedShare | undefined): string {
  return value === undefined ? '' : `${percents(value.mean)} ± ${percents(value.std)}`;
}

function percents(value: number | undefined): string {
  return value === undefined ? '' : (100 * value).toFixed(2);
}

function signed(value: number | undefined): string {
  return value === undefined ? '' : `${value < 0 ? '−' : '+'}${percents(Math.abs(value))}`;
}
