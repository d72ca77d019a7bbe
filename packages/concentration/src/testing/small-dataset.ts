import { createHash } from 'node:crypto';
import type { Dataset, JobSpec } from '@levy/contracts';
import type { LoadedDataset, LoadedSoftLabels, Matrix } from '@levy/datasets';
import { resolveJob } from '@levy/plan';

export interface SmallDataset {
  readonly train: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
  readonly dtype?: 'u1' | 'f4';
  /** value = stored / scale, on bytes; 255 by default. */
  readonly scale?: number;
  readonly valueRange?: { low: number; high: number };
  /** Of the content if not given. The holdout depends on it. */
  readonly digest?: string;
  /** A row of class probabilities for every row. */
  readonly soft?: {
    readonly train: readonly (readonly number[])[];
    readonly test?: readonly (readonly number[])[];
    readonly labels?: { readonly train: readonly number[]; readonly test: readonly number[] };
  };
}

/** A data set in memory: bytes with the range [0, 1] if no other is given, or floats with the range given. */
export function smallDataset(rows: SmallDataset): LoadedDataset {
  const { train, test, dtype = 'u1', scale = dtype === 'u1' ? 255 : 1, soft } = rows;
  const columns = train[0]?.length ?? 1;
  const matrices = { train: matrixOf(train, columns, dtype), test: matrixOf(test, columns, dtype) };
  const range = rows.valueRange ?? (dtype === 'u1' ? { low: 0, high: 1 } : undefined);
  const split = (matrix: Matrix) => ({
    rows: matrix.rows,
    bytes: matrix.data.byteLength,
    sha256: createHash('sha256').update(matrix.data).digest('hex'),
  });
  const dataset: Dataset = {
    id: 'small',
    digest:
      rows.digest ??
      createHash('sha256')
        .update(
          JSON.stringify([
            train,
            test,
            dtype,
            range,
            ...[rows.scale, soft].filter((part) => part !== undefined),
          ]),
        )
        .digest('hex'),
    dtype,
    scale,
    shape: [columns],
    columns,
    ...(range === undefined ? {} : { valueRange: range }),
    splits: { train: split(matrices.train), test: split(matrices.test) },
    ...(soft === undefined
      ? {}
      : { softLabels: { classes: soft.train[0]?.length ?? 2, train: 'a'.repeat(64) } }),
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  const softLabels = soft === undefined ? {} : { softLabels: softLabelsOf(soft) };
  return { dataset, ...matrices, ...softLabels };
}

function softLabelsOf({ train, test, labels }: NonNullable<SmallDataset['soft']>): LoadedSoftLabels {
  return {
    classes: train[0]?.length ?? 2,
    train: Float64Array.from(train.flat()),
    ...(test === undefined ? {} : { test: Float64Array.from(test.flat()) }),
    ...(labels === undefined
      ? {}
      : { labels: { train: Uint8Array.from(labels.train), test: Uint8Array.from(labels.test) } }),
  };
}

function matrixOf(rows: readonly (readonly number[])[], columns: number, dtype: 'u1' | 'f4'): Matrix {
  const values = rows.flat();
  return dtype === 'u1'
    ? { dtype, rows: rows.length, columns, data: Uint8Array.from(values) }
    : { dtype, rows: rows.length, columns, data: Float32Array.from(values) };
}

/** The resolved spec of a job on a data set; throws with its faults. */
export function specFor({ dataset }: LoadedDataset, job: object): JobSpec {
  const resolved = resolveJob({ dataset: dataset.id, ...job }, dataset);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.spec;
}

/** Whether a job is refused before anything is computed. */
export function isRefused({ dataset }: LoadedDataset, job: object): boolean {
  return !resolveJob({ dataset: dataset.id, ...job }, dataset).ok;
}
