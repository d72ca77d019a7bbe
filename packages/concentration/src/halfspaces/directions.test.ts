import { expect, test } from 'vitest';
import { directionOf } from './directions.js';

const component = Float64Array.of(0.8, -0.48, 0.36, 0);

test.each([
  ['l2', 1, [0.8, -0.48, 0.36, 0]],
  ['linf', 1, [0.8 / 1.64, -0.48 / 1.64, 0.36 / 1.64, 0]],
  ['linf', 2, [0.64, -0.2304, 0.1296, 0]],
] as const)('%s, power %s: signs stay, the dual norm is 1', (metric, exponent, expected) => {
  const { w, dualNorm } = directionOf(component, exponent, metric);
  for (const [j, entry] of w.entries()) {
    expect(Math.abs(entry - (expected[j] ?? 0))).toBeLessThanOrEqual(2 ** -21);
    expect(Number.isInteger(entry * 2 ** 20)).toBe(true);
  }
  const literal = metric === 'l2' ? Math.hypot(...w) : w.map(Math.abs).reduce((sum, entry) => sum + entry);
  expect(dualNorm).toBeCloseTo(literal, 14);
  expect(dualNorm).toBeCloseTo(1, 5);
});

test('a high power of small entries is the axis of the largest', () => {
  const { w, dualNorm } = directionOf(Float64Array.of(1e-3, -2e-3, 1.9e-3), 501, 'linf');
  expect([...w.map(Math.abs)]).toEqual([0, 1, 0]);
  expect(w[1]).toBe(-1);
  expect(dualNorm).toBe(1);
});
