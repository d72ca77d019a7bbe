import type { LoadedDataset } from '@levy/datasets';
import type { RowList } from '@levy/plan';
import { rowIndices } from '../rows/row-list.js';

/**
 * Label uncertainty is kept to nine decimals, as a whole number of billionths: sums of it are exact whatever their
 * order (up to 4.5 million rows), so that a mean equals γ where the decimals given say so.
 */
export const BILLION = 1e9;

/**
 * lu(x) = 1 − (u_y − max_{y'≠y} u_{y'}) (Zhang and Evans, ICLR 2022, Definition 3.1) of the rows of a list, in its
 * order, in billionths: 0 where y is certain, 2·10⁹ where another class is. y is the row's label; in a data set that
 * has soft labels alone the class with the highest of them, the first of equal ones.
 * @returns undefined where the split has no soft labels.
 */
export function labelUncertainty(rows: RowList, dataset: LoadedDataset): Float64Array | undefined {
  const { softLabels } = dataset;
  const split = rows.part === 'test' ? 'test' : 'train';
  const soft = softLabels?.[split];
  if (softLabels === undefined || soft === undefined) return undefined;
  const { classes, labels } = softLabels;
  return Float64Array.from(rowIndices(rows, dataset), (row) =>
    uncertaintyOf(soft.subarray(row * classes, (row + 1) * classes), labels?.[split][row]),
  );
}

/** What a row of probabilities, and the label if there is one, say of it. */
function uncertaintyOf(soft: Float64Array, label: number | undefined): number {
  const own = label ?? soft.indexOf(soft.reduce((most, u) => Math.max(most, u)));
  const other = soft.reduce((most, u, y) => (y === own ? most : Math.max(most, u)), 0);
  // Rows that sum to a little more than 1 reach a little below 0.
  const billionths = Math.round((1 - ((soft[own] ?? 0) - other)) * BILLION);
  return Math.min(Math.max(billionths, 0), 2 * BILLION);
}

/** The mean, 0…2, over the rows marked by 1; undefined if none is. */
export function meanInside(uncertainty: Float64Array, inside: Uint8Array): number | undefined {
  let [sum, count] = [0, 0];
  for (const [row, billionths] of uncertainty.entries()) {
    if (inside[row] !== 1) continue;
    sum += billionths;
    count++;
  }
  return count === 0 ? undefined : sum / (count * BILLION);
}
