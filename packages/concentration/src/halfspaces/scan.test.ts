import { parseRational } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countAxis, type ScanOutcome, scanAxes } from './scan.js';

const options = (epsilon: string, alpha: number, scale: number) => ({
  alpha,
  slack: 0,
  epsilon: parseRational(epsilon),
  scale,
});

test('equals a brute-force scan over every threshold on bytes full of ties', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 25 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.constantFrom(0, 1, 2, 7, 250, 254, 255)),
      fc.constantFrom('0/1', '1/255', '3/510', '2/255', '1/2'),
      fc.constantFrom(0.05, 0.2, 0.34, 0.5),
      (rows, columns, values, epsilon, alpha) => {
        const data = Uint8Array.from({ length: rows * columns }, () => values.next().value);
        const matrix: Matrix = { dtype: 'u1', rows, columns, data };
        expect(scanAxes(matrix, options(epsilon, alpha, 255))).toEqual(bruteScan(matrix, epsilon, alpha));
      },
    ),
  );
});

test('floats give what bytes of the same values give', () => {
  const values = [3, 9, 9, 1, 0, 4, 4, 4, 7, 2, 8, 6];
  const bytes: Matrix = { dtype: 'u1', rows: 6, columns: 2, data: Uint8Array.from(values) };
  const floats: Matrix = { dtype: 'f4', rows: 6, columns: 2, data: Float32Array.from(values) };
  for (const epsilon of ['0/1', '1/1', '3/2', '5/1']) {
    expect(scanAxes(floats, options(epsilon, 0.3, 1))).toEqual(scanAxes(bytes, options(epsilon, 0.3, 1)));
  }
});

test('the threshold moves by whole grey levels only', () => {
  const matrix: Matrix = { dtype: 'u1', rows: 4, columns: 1, data: Uint8Array.of(100, 92, 91, 0) };
  const halfSpace = { coordinate: 0, side: '>=', threshold: 100 } as const;
  expect(countAxis(matrix, halfSpace, parseRational('8/255'), 255).advRisk).toBe(2);
  expect(countAxis(matrix, halfSpace, parseRational(0.0313), 255).advRisk).toBe(1);
});

/** Every (coordinate, side, threshold) judged straight from the definition. */
function bruteScan(matrix: Matrix, epsilon: string, alpha: number): ScanOutcome | undefined {
  const n = matrix.rows;
  const need = Math.max(1, Math.ceil(alpha * n - 1e-9));
  const { num, den } = parseRational(epsilon);
  const found: ScanOutcome[] = [];
  for (let coordinate = 0; coordinate < matrix.columns; coordinate++) {
    const column = Array.from({ length: n }, (_, i) => matrix.data[i * matrix.columns + coordinate] ?? 0);
    for (const side of ['>=', '<='] as const) {
      const sign = side === '>=' ? 1 : -1;
      const levels = Array.from({ length: 256 }, (_, v) => v).sort((a, b) => sign * (b - a));
      const threshold = levels.find((t) => column.filter((x) => sign * (x - t) >= 0).length >= need) ?? 0;
      const risk = column.filter((x) => sign * (x - threshold) >= 0).length;
      const advRisk = column.filter((x) => BigInt(sign * (threshold - x)) * den <= num * 255n).length;
      found.push({ halfSpace: { coordinate, side, threshold }, train: { n, risk, advRisk } });
    }
  }
  found.sort(
    (a, b) =>
      a.train.advRisk - b.train.advRisk ||
      a.train.risk - b.train.risk ||
      (a.halfSpace.side === b.halfSpace.side ? 0 : a.halfSpace.side === '>=' ? -1 : 1) ||
      a.halfSpace.coordinate - b.halfSpace.coordinate,
  );
  return found[0];
}
