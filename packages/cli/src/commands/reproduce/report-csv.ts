import type { PublishedSplit, RobustModel, SplitMeasure } from '@levy/contracts';
import { type CsvCell, csvText } from '../../output/csv.js';
import type { MeasuredColumn, OurSplit } from './measured-row.js';
import type { Report, ReportedRow } from './report.js';
import type { ReproducedRow } from './reproduction.js';

/** A line of the file: a cell for every column that it has something to say in. Shares are fractions. */
type Line = Readonly<Record<string, CsvCell>>;

const COLUMNS = [
  ...[
    'table',
    'row',
    'figures',
    'dataset',
    'datasetDigest',
    'comparable',
    'metric',
    'epsilon',
    'epsilonExact',
  ],
  ...['alpha', 'slack', 'method', 'T', 'q', 'protocol', 'domain', 'seed', 'restarts', 'samples'],
  ...['train', 'test'].flatMap((split) => [
    ...['risk', 'advRisk'].flatMap((share) => [`${split}.${share}.mean`, `${split}.${share}.std`]),
  ]),
  ...['risk', 'advRisk'].flatMap((share) => [`test.${share}.low`, `test.${share}.high`]),
  'difference.unit',
  ...['train', 'test'].flatMap((split) => [`difference.${split}.risk`, `difference.${split}.advRisk`]),
  ...['scan.train.risk', 'scan.train.advRisk', 'scan.test.risk', 'scan.test.advRisk'],
  ...['engine', 'device', 'threads', 'seconds', 'error', 'source'],
];

/** RFC 4180: the published line of every row, then ours; published classifiers last. */
export function reportCsv(report: Report): string {
  const { rows, reproduction, dataset, incomparable, reproduced } = report;
  const common = {
    table: reproduced,
    dataset: dataset.id,
    datasetDigest: dataset.digest,
    comparable: incomparable.length === 0,
  };
  const lines: Line[] = [
    ...rows.flatMap((row) => rowLines(row, reproduction.source)),
    ...(reproduction.models ?? []).map(modelLine),
  ];
  return csvText(
    COLUMNS,
    lines.map((line) => {
      const whole: Line = { ...common, ...line };
      return COLUMNS.map((column) => whole[column]);
    }),
  );
}

function rowLines({ row, measured }: ReportedRow, source: string): Line[] {
  const title = { row: row.title };
  return [
    { ...title, ...publishedLine(row), source },
    ...measured.map((column) => ({ ...title, ...measuredLine(column) })),
  ];
}

function publishedLine({ setting, published: { q, train, test } }: ReproducedRow): Line {
  const epsilon = String(setting.epsilon);
  const shares = { ...splitCells('train', train), ...splitCells('test', test) };
  return { figures: 'published', ...setting, epsilon, q, ...shares };
}

function measuredLine(measured: MeasuredColumn): Line {
  const { column, spec } = measured;
  const settings = {
    figures: column.name,
    metric: spec.metric,
    epsilon: String(column.job.epsilon),
    epsilonExact: spec.epsilonExact,
    alpha: spec.alpha,
    slack: spec.slack,
    protocol: spec.protocol,
    seed: spec.seed,
    samples: spec.samples,
  };
  if ('error' in measured) return { ...settings, method: spec.method, error: measured.error.detail };
  const { estimate, q, train, test, difference } = measured;
  const { scan, provenance, timings, restarts } = estimate;
  const worker = provenance.workers[0];
  return {
    ...settings,
    method: estimate.method,
    T: estimate.T,
    q,
    domain: estimate.domain,
    restarts: restarts?.count,
    ...splitCells('train', train),
    ...splitCells('test', test),
    ...intervalCells(test),
    'difference.unit': difference.unit,
    'difference.train.risk': difference.train?.risk,
    'difference.train.advRisk': difference.train?.advRisk,
    'difference.test.risk': difference.test.risk,
    'difference.test.advRisk': difference.test.advRisk,
    ...scanCells('train', scan.train),
    ...scanCells('test', scan.test),
    engine: worker?.engine,
    device: worker?.device,
    threads: worker?.threads,
    seconds: timings['total'],
  };
}

function modelLine({ name, metric, epsilon, risk, advRisk, evidence, source }: RobustModel): Line {
  const figures = { test: { ...(risk === undefined ? {} : { risk }), advRisk } };
  return {
    row: name,
    figures: `classifier, ${evidence}`,
    metric,
    epsilon: String(epsilon),
    ...splitCells('test', figures.test),
    source,
  };
}

function splitCells(split: 'train' | 'test', shares: PublishedSplit | undefined): Line {
  if (shares === undefined) return {};
  const { risk, advRisk } = shares;
  return {
    [`${split}.risk.mean`]: risk?.mean,
    [`${split}.risk.std`]: risk?.std,
    [`${split}.advRisk.mean`]: advRisk.mean,
    [`${split}.advRisk.std`]: advRisk.std,
  };
}

function intervalCells({ riskInterval, advRiskInterval }: OurSplit): Line {
  return {
    'test.risk.low': riskInterval?.[0],
    'test.risk.high': riskInterval?.[1],
    'test.advRisk.low': advRiskInterval?.[0],
    'test.advRisk.high': advRiskInterval?.[1],
  };
}

function scanCells(split: 'train' | 'test', { risk, advRisk }: SplitMeasure): Line {
  return { [`scan.${split}.risk`]: risk, [`scan.${split}.advRisk`]: advRisk };
}
