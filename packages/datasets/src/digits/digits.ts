import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { Dataset } from '@levy/contracts';
import { datasetDigest } from '../dataset-digest.js';

/** The data set that every store has. */
export const DIGITS_NAME = 'digits';

const COLUMNS = 64;
const ROWS = 1797;
/** The last third, the split that scikit-learn's examples use. */
const TEST_ROWS = 597;

export interface BuiltInDataset {
  readonly dataset: Dataset;
  readonly train: Uint8Array;
  readonly test: Uint8Array;
  readonly trainLabels: Uint8Array;
  readonly testLabels: Uint8Array;
}

let loaded: Promise<BuiltInDataset> | undefined;

/** The built-in 8×8 digits (see data/ATTRIBUTION.md), read once a process. Values are bytes 0…16, standing for v/16. */
export function digits(): Promise<BuiltInDataset> {
  loaded ??= readDigits();
  return loaded;
}

async function readDigits(): Promise<BuiltInDataset> {
  const packed = await readFile(new URL('../../data/digits.csv.gz', import.meta.url));
  const lines = gunzipSync(packed).toString('latin1').trimEnd().split('\n');
  const values = new Uint8Array(ROWS * COLUMNS);
  const labels = new Uint8Array(ROWS);
  lines.forEach((line, row) => {
    const cells = line.split(',').map(Number);
    values.set(cells.slice(0, COLUMNS), row * COLUMNS);
    labels[row] = cells[COLUMNS] ?? 0;
  });
  const trainRows = ROWS - TEST_ROWS;
  const parts = {
    train: values.subarray(0, trainRows * COLUMNS),
    test: values.subarray(trainRows * COLUMNS),
    trainLabels: labels.subarray(0, trainRows),
    testLabels: labels.subarray(trainRows),
  };
  const described: Omit<Dataset, 'digest'> = {
    id: DIGITS_NAME,
    dtype: 'u1',
    scale: 16,
    shape: [8, 8],
    columns: COLUMNS,
    valueRange: { low: 0, high: 1 },
    splits: { train: split(parts.train), test: split(parts.test) },
    labels: { classes: 10, train: sha256(parts.trainLabels), test: sha256(parts.testLabels) },
    source:
      'Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0',
    createdAt: '1998-07-01T00:00:00.000Z',
  };
  return { ...parts, dataset: { ...described, digest: datasetDigest(described) } };
}

function split(rows: Uint8Array): Dataset['splits']['train'] {
  return { rows: rows.byteLength / COLUMNS, bytes: rows.byteLength, sha256: sha256(rows) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
