import {
  addRational,
  ceilRational,
  floorRational,
  multiplyRational,
  parseRational,
  type Rational,
  rational,
  rationalToNumber,
  subtractRational,
} from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import { coveredCount, requiredLevel } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { type Counts, CountsSchema } from '../counts.js';

/** An axis-aligned half-space x_coordinate side threshold, the threshold in stored units. */
export const AxisHalfSpaceSchema = Type.Object({
  coordinate: Type.Integer({ minimum: 0 }),
  side: Type.Enum(['>=', '<=']),
  threshold: Type.Number(),
});
export type AxisHalfSpace = Static<typeof AxisHalfSpaceSchema>;

export const ScanOutcomeSchema = Type.Object({ halfSpace: AxisHalfSpaceSchema, train: CountsSchema });
export type ScanOutcome = Static<typeof ScanOutcomeSchema>;

export interface ScanOptions {
  readonly alpha: number;
  readonly slack: number;
  readonly epsilon: Rational;
  /** value = stored / scale */
  readonly scale: number;
}

/**
 * The best of all 2d axis-aligned half-spaces (method §4): the tightest threshold covering at least α(1+slack)·n rows
 * each; fewest rows in E_ε, then fewest in E, then ≥ before ≤, then the lowest coordinate. The expansion of
 * x_j ≥ t is x_j ≥ t − ε under ℓ2 and ℓ∞ alike. Exact on bytes.
 */
export function scanAxes(matrix: Matrix, options: ScanOptions): ScanOutcome {
  const n = matrix.rows;
  const need = Math.max(1, coveredCount(requiredLevel(options.alpha, options.slack), n, 'ceil'));
  const column = columnReader(matrix, options);
  let best: ScanOutcome | undefined;
  for (let coordinate = 0; coordinate < matrix.columns; coordinate++) {
    const counts = column(coordinate);
    for (const side of ['>=', '<='] as const) {
      const { threshold, risk, advRisk } = counts.tightest(side, need);
      const found: ScanOutcome = { halfSpace: { coordinate, side, threshold }, train: { n, risk, advRisk } };
      if (best === undefined || isBetter(found, best)) best = found;
    }
  }
  if (best === undefined) throw new RangeError('a scan needs at least one column');
  return best;
}

function isBetter(a: ScanOutcome, b: ScanOutcome): boolean {
  if (a.train.advRisk !== b.train.advRisk) return a.train.advRisk < b.train.advRisk;
  if (a.train.risk !== b.train.risk) return a.train.risk < b.train.risk;
  return a.halfSpace.side === '>=' && b.halfSpace.side === '<=';
}

/** 1 for every row of a matrix in an axis-aligned half-space. */
export function insideAxis(
  matrix: Matrix,
  { coordinate, side, threshold }: AxisHalfSpace,
  scale: number,
): Uint8Array {
  const inside = expansionTest(matrix.dtype, side, threshold, rational(0), scale);
  return Uint8Array.from({ length: matrix.rows }, (_, i) =>
    Number(inside(matrix.data[i * matrix.columns + coordinate] ?? 0)),
  );
}

/** Rows of a matrix in an axis-aligned half-space and in its expansion. */
export function countAxis(
  matrix: Matrix,
  { coordinate, side, threshold }: AxisHalfSpace,
  epsilon: Rational,
  scale: number,
): Counts {
  const inside = expansionTest(matrix.dtype, side, threshold, rational(0), scale);
  const within = expansionTest(matrix.dtype, side, threshold, epsilon, scale);
  const counts = { n: matrix.rows, risk: 0, advRisk: 0 };
  for (let i = 0; i < matrix.rows; i++) {
    const x = matrix.data[i * matrix.columns + coordinate] ?? 0;
    if (inside(x)) counts.risk++;
    if (within(x)) counts.advRisk++;
  }
  return counts;
}

/**
 * Whether a stored value lies within ε of the half-line. On bytes t − ε·scale is rounded to the whole value that
 * decides it; on floats the gap between value and threshold is compared with ε in float64.
 */
function expansionTest(
  dtype: Matrix['dtype'],
  side: AxisHalfSpace['side'],
  threshold: number,
  epsilon: Rational,
  scale: number,
): (x: number) => boolean {
  if (dtype === 'f4') {
    const reach = rationalToNumber(epsilon);
    return side === '>=' ? (x) => threshold - x <= reach : (x) => x - threshold <= reach;
  }
  const limit = expandedThreshold(side, threshold, epsilon, scale);
  return side === '>=' ? (x) => x >= limit : (x) => x <= limit;
}

function expandedThreshold(
  side: AxisHalfSpace['side'],
  threshold: number,
  epsilon: Rational,
  scale: number,
): number {
  const reach = multiplyRational(epsilon, rational(scale));
  return side === '>='
    ? Number(ceilRational(subtractRational(parseRational(threshold), reach)))
    : Number(floorRational(addRational(parseRational(threshold), reach)));
}

/** One column, ready to answer for both sides. */
interface ColumnCounts {
  tightest(side: AxisHalfSpace['side'], need: number): { threshold: number; risk: number; advRisk: number };
}

function columnReader(matrix: Matrix, options: ScanOptions): (coordinate: number) => ColumnCounts {
  if (matrix.dtype === 'u1') {
    const histograms = columnHistograms(matrix.data, matrix.rows, matrix.columns);
    return (coordinate) =>
      new HistogramColumn(histograms.subarray(coordinate * 256, (coordinate + 1) * 256), options);
  }
  const { data, rows, columns } = matrix;
  return (coordinate) =>
    new SortedColumn(
      Float32Array.from({ length: rows }, (_, i) => data[i * columns + coordinate] ?? 0).sort(),
      options,
    );
}

function columnHistograms(data: Uint8Array, rows: number, columns: number): Int32Array {
  const counts = new Int32Array(columns * 256);
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    for (let j = 0; j < columns; j++) {
      const bin = j * 256 + (data[row + j] ?? 0);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return counts;
}

class HistogramColumn implements ColumnCounts {
  constructor(
    private readonly histogram: Int32Array,
    private readonly options: ScanOptions,
  ) {}

  tightest(side: AxisHalfSpace['side'], need: number) {
    const inward = side === '>=' ? -1 : 1;
    let threshold = side === '>=' ? 255 : 0;
    let risk = this.histogram[threshold] ?? 0;
    while (risk < need) {
      threshold += inward;
      risk += this.histogram[threshold] ?? 0;
    }
    const limit = expandedThreshold(side, threshold, this.options.epsilon, this.options.scale);
    let advRisk = risk;
    for (let v = threshold + inward; v >= 0 && v <= 255 && (v - limit) * inward <= 0; v += inward) {
      advRisk += this.histogram[v] ?? 0;
    }
    return { threshold, risk, advRisk };
  }
}

class SortedColumn implements ColumnCounts {
  constructor(
    private readonly sorted: Float32Array,
    private readonly options: ScanOptions,
  ) {}

  tightest(side: AxisHalfSpace['side'], need: number) {
    const { sorted } = this;
    const threshold = sorted[side === '>=' ? sorted.length - need : need - 1] ?? 0;
    const count = (epsilon: Rational) => {
      const inside = expansionTest('f4', side, threshold, epsilon, 1);
      return side === '>='
        ? sorted.length - firstIndex(sorted, inside)
        : firstIndex(sorted, (x) => !inside(x));
    };
    return { threshold, risk: count(rational(0)), advRisk: count(this.options.epsilon) };
  }
}

/** The first index whose value passes a test that holds from some value on. */
function firstIndex(sorted: Float32Array, passes: (x: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(sorted[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
