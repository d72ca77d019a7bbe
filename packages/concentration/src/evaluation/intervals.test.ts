import { expect, test } from 'vitest';
import { clopperPearson } from './intervals.js';

test.each([
  [115, 10_000, 0.95, 1.38],
  [724, 10_000, 6.74, 7.77],
])('%i of %i is [%f, %f] %%', (k, n, low, high) => {
  const interval = clopperPearson(k, n, 0.95);
  expect(interval.map((end) => Number((100 * end).toFixed(2)))).toEqual([low, high]);
});

test('the ends at none and at all are closed', () => {
  const [low, high] = clopperPearson(0, 20, 0.95);
  expect(low).toBe(0);
  expect(high).toBeCloseTo(1 - 0.025 ** (1 / 20), 12);
  expect(clopperPearson(20, 20, 0.95)).toEqual([expect.closeTo(0.025 ** (1 / 20), 12), 1]);
});

test('the binomial tails at the ends are the tail probability', () => {
  const [n, k] = [30, 7];
  const [low, high] = clopperPearson(k, n, 0.9);
  expect(upperTail(k, n, low)).toBeCloseTo(0.05, 10);
  expect(1 - upperTail(k + 1, n, high)).toBeCloseTo(0.05, 10);
});

/** P[X ≥ k] for X ~ Bin(n, p), summed from the definition. */
function upperTail(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = k; i <= n; i++) {
    let choose = 1;
    for (let j = 0; j < i; j++) choose *= (n - j) / (j + 1);
    sum += choose * p ** i * (1 - p) ** (n - i);
  }
  return sum;
}
