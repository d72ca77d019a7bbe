import type { PublishedShare, RobustModel } from '@levy/contracts';
import { measuredOnLine, UPPER_BOUND } from '../../output/measured-on.js';
import { interval } from '../../output/numbers.js';
import type { Style } from '../../output/style.js';
import { renderTable, TableLayout } from '../../output/table.js';
import { wrapped } from '../../output/wrapped.js';
import type { MeasuredColumn, SplitDifference } from './measured-row.js';
import type { Report } from './report.js';
import type { ColumnName, PublishedFigures, ReproducedRow } from './reproduction.js';

const LAYOUT = new TableLayout([
  { title: 'percent of rows', width: 17 },
  { title: 'q', align: 'right', width: 5 },
  { title: 'train risk', align: 'right', width: 12 },
  { title: 'train advRisk', align: 'right', width: 13 },
  { title: 'test risk', align: 'right', width: 20 },
  { title: 'test advRisk', align: 'right', width: 22 },
  { title: 'difference', align: 'right', width: 17 },
]);

const LABELS: Record<ColumnName, string> = {
  paper: 'protocol paper',
  searched: 'paper, q searched',
  defaults: 'defaults',
  all: 'all',
};

const DIFFERENCE =
  'difference: ours less published, test risk / test advRisk, in standard deviations of the published figure (sd) or in ' +
  'percentage points (pt). scan: the best half-space along one coordinate, fitted on the same rows at the same α and ε.';

/** What stands above the first row. */
export function reportHeader({ reproduction, incomparable }: Report, style: Style): string {
  const warnings = incomparable.map((reason) => style.yellow(`not comparable: ${reason}\n`));
  return `${style.bold(`${reproduction.title}`)} · ${reproduction.source}\n${warnings.join('')}\n${LAYOUT.header()}`;
}

export function publishedLines({ title, published }: ReproducedRow, style: Style): string {
  const { q, train, test } = published;
  const cells = [qText(q), split(train?.risk), split(train?.advRisk), split(test.risk), split(test.advRisk)];
  return `${style.bold(title)}\n${LAYOUT.row(['published', ...cells])}`;
}

/** A line for the region, and one for the scan fitted on the same rows at the same α and ε. */
export function measuredLines(measured: MeasuredColumn, published: PublishedFigures, style: Style): string {
  if ('error' in measured) {
    return `${labelOf(measured)}: ${style.red(measured.error.detail)}\n`;
  }
  const { estimate, q, train, test, difference } = measured;
  const line = LAYOUT.row([
    labelOf(measured),
    qText(q ?? published.q),
    split(train.risk),
    split(train.advRisk),
    split(test.risk, test.riskInterval),
    split(test.advRisk, test.advRiskInterval),
    differenceText(difference.test, difference.unit),
  ]);
  return `${line}${measured.column.name === 'searched' ? '' : scanLine(measured)}${warningLines(estimate, style)}`;
}

/** What stands below the last row: models, what a difference is, notes, the claim, and what computed it. */
export function reportFooter(report: Report, style: Style): string {
  const { reproduction, notes } = report;
  const told = [
    ...(reproduction.models === undefined ? [] : [modelsTable(reproduction.models)]),
    wrapped(DIFFERENCE),
    ...(notes.length === 0 ? [] : [notes.map(wrapped).join('')]),
    wrapped(UPPER_BOUND),
    style.dim(`${measuredOnLine(report)}\n`),
  ];
  return `\n${told.join('\n')}`;
}

function labelOf({ column, ...measured }: MeasuredColumn): string {
  const winner = column.name === 'all' && 'estimate' in measured ? `: ${measured.estimate.method}` : '';
  return LABELS[column.name] + winner;
}

function scanLine(measured: Extract<MeasuredColumn, { estimate: unknown }>): string {
  const { train, test } = measured.estimate.scan;
  return LAYOUT.row([
    '  its scan',
    '',
    split({ mean: train.risk }),
    split({ mean: train.advRisk }),
    split({ mean: test.risk }, test.riskInterval),
    split({ mean: test.advRisk }, test.advRiskInterval),
  ]);
}

/** The scan's line says already where it is lower; a region under its α must not pass unseen. */
function warningLines(
  { warnings }: Extract<MeasuredColumn, { estimate: unknown }>['estimate'],
  style: Style,
): string {
  const told = warnings.filter(({ code }) => code !== 'looser-than-scan');
  return told.map(({ code, detail }) => style.yellow(`  warning ${code}: ${detail}\n`)).join('');
}

function modelsTable(models: readonly RobustModel[]): string {
  const columns = [
    { title: 'published classifier' },
    { title: 'metric' },
    { title: 'ε', align: 'right' },
    { title: 'risk', align: 'right' },
    { title: 'advRisk', align: 'right' },
    { title: 'source' },
  ] as const;
  const rows = models.map(({ name, metric, epsilon, risk, advRisk, evidence, source }) => [
    name,
    metric,
    String(epsilon),
    split(risk),
    `${evidence === 'attack' ? '≥' : '≤'} ${split(advRisk)}`,
    source,
  ]);
  return `${renderTable(columns, rows)}≥: found by an attack, so the model's adversarial risk is at least this; ≤: certified.\n`;
}

function split(share: PublishedShare | undefined, bounds?: readonly number[]): string {
  if (share === undefined) return '';
  const mean = (100 * share.mean).toFixed(2);
  if (share.std !== undefined) return `${mean} ± ${(100 * share.std).toFixed(2)}`;
  return bounds === undefined ? mean : `${mean} ${interval(bounds)}`;
}

function qText(q: number | undefined): string {
  return q === undefined ? '' : q.toFixed(3);
}

function differenceText({ risk, advRisk }: SplitDifference, unit: 'deviations' | 'points'): string {
  const digits = unit === 'deviations' ? 1 : 2;
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  const values = [...(risk === undefined ? [] : [signed(risk)]), signed(advRisk)];
  return `${values.join(' / ')} ${unit === 'deviations' ? 'sd' : 'pt'}`;
}
