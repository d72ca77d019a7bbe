import type { JobSpec, PublishedShare, PublishedSplit, Result, SplitMeasure } from '@levy/contracts';
import type { Measured } from '../measure/bench.js';
import type { PublishedFigures, ReproducedColumn } from './reproduction.js';

/** One of our figures for a published row, or why there is none. */
export type MeasuredColumn = { readonly column: ReproducedColumn; readonly spec: JobSpec } & (
  | {
      readonly estimate: Summary;
      /** The fraction of points that these figures' rectangles cover. */
      readonly q?: number;
      readonly train: OurSplit;
      readonly test: OurSplit;
      readonly difference: Difference;
    }
  | { readonly error: { readonly kind: string; readonly detail: string } }
);

/** The estimate without its long lists. */
export type Summary = Omit<Result, 'searchTrace' | 'epsilonCurve' | 'artifacts'>;

/** Beside a published split: with the deviation over the restarts, or with the interval of the one region. */
export interface OurSplit extends Required<PublishedSplit> {
  readonly riskInterval?: readonly number[];
  readonly advRiskInterval?: readonly number[];
}

/** Ours less published: in standard deviations of the published figure, or in percentage points. */
export interface Difference {
  readonly unit: 'deviations' | 'points';
  readonly train?: SplitDifference;
  readonly test: SplitDifference;
}
export interface SplitDifference {
  readonly risk?: number;
  readonly advRisk: number;
}

/** What a measurement says beside the published figures of its row. */
export function besidePublished(
  column: ReproducedColumn,
  published: PublishedFigures,
  measured: Measured,
): MeasuredColumn {
  const { spec } = measured;
  if ('error' in measured) return { column, spec, error: measured.error };
  const { searchTrace, epsilonCurve: _c, artifacts: _a, ...estimate } = measured.measurement.result;
  const { restarts, best } = estimate;
  const figures = column.figures === 'restarts' && restarts !== undefined ? restarts : undefined;
  const train = figures?.train ?? splitOf(best.train);
  const test = figures?.test ?? splitOf(best.test);
  const q = figures === undefined ? best.q : searchTrace?.at(-1)?.q;
  const unit = column.difference === 'deviations' && hasDeviations(published) ? 'deviations' : 'points';
  const difference = {
    unit,
    ...(published.train === undefined ? {} : { train: differenceOf(train, published.train, unit) }),
    test: differenceOf(test, published.test, unit),
  } as const;
  return { column, spec, estimate, ...(q === undefined ? {} : { q }), train, test, difference };
}

function splitOf({ risk, advRisk, riskInterval, advRiskInterval }: SplitMeasure): OurSplit {
  return {
    risk: { mean: risk },
    advRisk: { mean: advRisk },
    ...(riskInterval === undefined ? {} : { riskInterval }),
    ...(advRiskInterval === undefined ? {} : { advRiskInterval }),
  };
}

function hasDeviations({ train, test }: PublishedFigures): boolean {
  const shares = [train?.risk, train?.advRisk, test.risk, test.advRisk];
  return shares.every((share) => share === undefined || (share.std ?? 0) > 0);
}

function differenceOf(ours: OurSplit, published: PublishedSplit, unit: Difference['unit']): SplitDifference {
  const between = (our: PublishedShare, its: PublishedShare) => {
    const size = unit === 'deviations' ? (its.std ?? 0) : 0.01;
    return Number(((our.mean - its.mean) / size).toFixed(9));
  };
  return {
    ...(published.risk === undefined ? {} : { risk: between(ours.risk, published.risk) }),
    advRisk: between(ours.advRisk, published.advRisk),
  };
}
