import { expect, test } from 'vitest';
import { smallDataset } from '../testing/small-dataset.js';
import { rowIndices } from './row-list.js';

const rows = (n: number) => Array.from({ length: n }, (_, i) => [i]);
const data = smallDataset({ train: rows(103), test: rows(9) });
const { digest } = data.dataset;

test('fit and validation part the training rows, a fifth held out', () => {
  const fit = rowIndices({ dataset: digest, part: 'fit' }, data);
  const validation = rowIndices({ dataset: digest, part: 'validation' }, data);
  expect(validation).toHaveLength(20);
  expect([...fit, ...validation].sort((a, b) => a - b)).toEqual(rows(103).flat());
  expect([...validation]).not.toEqual(rows(20).flat());
});

test('the holdout depends on the digest alone', () => {
  const again = smallDataset({ train: rows(103), test: rows(9) });
  expect(rowIndices({ dataset: digest, part: 'fit' }, again)).toEqual(
    rowIndices({ dataset: digest, part: 'fit' }, data),
  );
  const other = 'f'.repeat(64);
  expect(rowIndices({ dataset: other, part: 'fit' }, data)).not.toEqual(
    rowIndices({ dataset: digest, part: 'fit' }, data),
  );
});

test('samples are drawn from the fitted rows, by seed', () => {
  const drawn = (seed: number) => [
    ...rowIndices({ dataset: digest, part: 'fit', samples: { count: 30, seed } }, data),
  ];
  const fit = new Set(rowIndices({ dataset: digest, part: 'fit' }, data));
  expect(drawn(1)).toHaveLength(30);
  expect(new Set(drawn(1)).size).toBe(30);
  expect(drawn(1).every((row) => fit.has(row))).toBe(true);
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
});
