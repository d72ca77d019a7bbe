import type { LoadedDataset } from '@levy/datasets';
import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { SLOW } from './benchmark-data.js';
import { smallDataset } from './small-dataset.js';

/** Rows of whole numbers from 0 on, and how they are stored. */
export interface SmallData {
  readonly train: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
  readonly storage: Storage;
}

/**
 * A whole number v is the byte v, which stands for v/255; the float v/8, exact however it is summed; or the float32
 * nearest to v/7. Floats come with a declared range and without.
 */
export const STORAGES = ['bytes', 'eighths', 'sevenths', 'sevenths, no range'] as const;
export type Storage = (typeof STORAGES)[number];

/** No whole number exceeds it. */
export const MOST = 24;

/** How many make 1 in units of the values. */
export const UNITS: Record<Storage, number> = {
  bytes: 255,
  eighths: 8,
  sevenths: 7,
  'sevenths, no range': 7,
};

/** The data set in memory; its range ends at MOST on floats, so that points lie on it. */
export function datasetOf({ train, test, storage }: SmallData): LoadedDataset {
  const soft = softLabelsOf({ train, test });
  if (storage === 'bytes') return smallDataset({ train, test, soft });
  const unit = UNITS[storage];
  const floats = (rows: SmallData['train']) => rows.map((row) => row.map((v) => Math.fround(v / unit)));
  const range =
    storage === 'sevenths, no range' ? {} : { valueRange: { low: 0, high: Math.fround(MOST / unit) } };
  return smallDataset({ train: floats(train), test: floats(test), dtype: 'f4', ...range, soft });
}

/** Label uncertainties are whole parts of this many. */
export const UNCERTAINTY_PARTS = 4;

/** The label uncertainty of a row times UNCERTAINTY_PARTS: equal rows are equally uncertain, close ones seldom. */
export function uncertaintyOf(row: readonly number[]): number {
  return row.reduce((sum, v) => sum + v, 0) % (UNCERTAINTY_PARTS + 1);
}

/** Two classes of which the first has the larger share: lu(x) is one less the difference. */
export function softLabelsOf({ train, test }: Pick<SmallData, 'train' | 'test'>) {
  const shares = (rows: SmallData['train']) =>
    rows.map((row) => {
      const other = uncertaintyOf(row) / (2 * UNCERTAINTY_PARTS);
      return [1 - other, other];
    });
  return { train: shares(train), test: shares(test) };
}

interface DataOptions {
  readonly columns?: { readonly min: number; readonly max: number };
  readonly train?: { readonly min: number; readonly max: number };
  readonly storages?: readonly Storage[];
}

/** Few columns and few values: full of ties and duplicates. */
export function smallData(options: DataOptions = {}): fc.Arbitrary<SmallData> {
  const { columns = { min: 1, max: 3 }, train = { min: 6, max: 25 }, storages = STORAGES } = options;
  return fc
    .record({ columns: fc.integer(columns), most: fc.constantFrom(1, 2, 6, MOST) })
    .chain(({ columns: d, most }) => {
      const row = fc.array(fc.integer({ min: 0, max: most }), { minLength: d, maxLength: d });
      return fc.record({
        train: fc.array(row, { minLength: train.min, maxLength: train.max }),
        test: fc.array(row, { minLength: 1, maxLength: 12 }),
        storage: fc.constantFrom(...storages),
      });
    });
}

/** ε as a multiple of what one is worth, p/q. */
export const smallEpsilon = fc.constantFrom([0, 1], [1, 1], [2, 1], [3, 2], [7, 1], [17, 6]);

/** The fraction that a job takes. */
export function epsilonOf({ storage }: SmallData, [p = 0, q = 1]: readonly number[]): string {
  return `${p}/${q * UNITS[storage]}`;
}

export const smallLevel = fc.record({
  alpha: fc.constantFrom(0.01, 0.1, 0.3, 0.5),
  slack: fc.constantFrom(0, 0.25),
  seed: fc.nat(1000),
});

/**
 * Whether the rows have principal components, each of them well defined: no two variances nearly equal, no two entries
 * of a component the largest in size.
 */
export function componentsAreDefined(rows: SmallData['train']): boolean {
  const dense = new Matrix(rows.map((row) => [...row]));
  dense.subRowVector(dense.mean('column'));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(dense.transpose().mmul(dense), {
    assumeSymmetric: true,
  });
  const largest = Math.max(...realEigenvalues);
  const variances = realEigenvalues
    .map((value) => (value > 1e-9 * largest ? value : 0))
    .sort((a, b) => b - a);
  const distinct = variances.every((value, k) => value === 0 || value > 1.05 * (variances[k + 1] ?? 0));
  const oriented = realEigenvalues.every((value, k) => {
    const [first = 0, second = 0] = eigenvectorMatrix
      .getColumn(k)
      .map(Math.abs)
      .sort((a, b) => b - a);
    return value <= 1e-9 * largest || first > 1.01 * second;
  });
  return largest > 0 && distinct && oriented;
}

/** Cases a property is tried on: ten times as many under LEVY_SLOW=1. */
export function cases(numRuns: number): { numRuns: number } {
  return { numRuns: SLOW ? 10 * numRuns : numRuns };
}
