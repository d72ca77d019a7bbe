import { floorRational, multiplyRational, parseRational, rational } from '@levy/contracts';
import { DatasetError } from '../dataset-error.js';
import { drawDistinct, generatorFor } from '../random.js';

/** How test rows are taken from files that do not set any apart. */
export type TestRule = { readonly last: number } | { readonly fraction: number };

/**
 * Which rows become test rows: the last ones, or floor(fraction·rows) drawn by a shuffle that depends on the number
 * of rows alone, so that the same file always gives the same data set (files are often sorted by class).
 * @returns one entry a row, 1 for test.
 */
export function chooseTestRows(rows: number, rule: TestRule): Uint8Array {
  const isTest = new Uint8Array(rows);
  const count = 'last' in rule ? rule.last : countOf(rows, rule.fraction);
  if (!Number.isSafeInteger(count) || count < 1 || count >= rows) {
    const asked = 'last' in rule ? `the last ${rule.last}` : `a fraction of ${rule.fraction}`;
    throw new DatasetError(
      'bad-option',
      `${asked} of ${rows} rows cannot be the test rows: at least one row is needed in each split`,
      { option: 'last' in rule ? 'testLast' : 'testFraction' },
    );
  }
  if ('last' in rule) return isTest.fill(1, rows - count);
  for (const row of drawDistinct(rows, count, generatorFor('test rows'))) isTest[row] = 1;
  return isTest;
}

function countOf(rows: number, fraction: number): number {
  if (!(fraction > 0 && fraction < 1)) {
    throw new DatasetError('bad-option', `a test fraction of ${fraction} is not between 0 and 1`, {
      option: 'testFraction',
    });
  }
  return Number(floorRational(multiplyRational(parseRational(fraction), rational(rows))));
}
