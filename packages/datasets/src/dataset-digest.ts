import { createHash } from 'node:crypto';
import { canonicalJson, type Dataset } from '@levy/contracts';

/** What a measurement depends on: how stored numbers are read, the declared range, the rows, and soft labels. */
export type DigestedDataset = Pick<Dataset, 'dtype' | 'scale' | 'columns' | 'splits'> & {
  readonly valueRange?: Dataset['valueRange'] | undefined;
  readonly labels?: Dataset['labels'] | undefined;
  readonly softLabels?: Dataset['softLabels'] | undefined;
};

/**
 * Digest of a data set: SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of
 * `{format: 1, dtype, scale, columns, valueRange?, train: {rows, sha256}, test: {rows, sha256}, softLabels?}`,
 * where a split's sha256 is that of its rows as stored, row-major and little-endian.
 * Label uncertainty depends on soft labels and, where there are any, on the labels: `softLabels` is
 * `{classes, train, test?, labels?: {train, test}}`, digests of their stored bytes.
 * Name, shape, labels that stand alone, source and time are not in it: no figure depends on them.
 */
export function datasetDigest(dataset: DigestedDataset): string {
  const { dtype, scale, columns, valueRange, splits, softLabels } = dataset;
  const content = {
    format: 1,
    dtype,
    scale,
    columns,
    ...(valueRange === undefined ? {} : { valueRange: { low: valueRange.low, high: valueRange.high } }),
    train: { rows: splits.train.rows, sha256: splits.train.sha256 },
    test: { rows: splits.test.rows, sha256: splits.test.sha256 },
    ...(softLabels === undefined ? {} : { softLabels: digestedSoftLabels(softLabels, dataset.labels) }),
  };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function digestedSoftLabels(
  { classes, train, test }: NonNullable<Dataset['softLabels']>,
  labels: Dataset['labels'],
): object {
  return {
    ...{ classes, train },
    ...(test === undefined ? {} : { test }),
    ...(labels === undefined ? {} : { labels: { train: labels.train, test: labels.test } }),
  };
}
