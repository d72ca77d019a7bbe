import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFeasible, reachesAlphaWithinError } from './feasibility.js';

const counts = (n: number, risk: number) => ({ n, risk, advRisk: n });

test.each([
  // n, alpha, the fewest rows: ceil(αn) less the whole part of √(nα(1 − α)).
  ['√9 is whole', 100, 0.1, 7],
  ['√90 is 9.49', 1000, 0.1, 91],
  ['√99 is 9.95', 10000, 0.01, 91],
  ['√475 is 21.8', 10000, 0.05, 479],
  ['√16 is whole', 100, 0.2, 16],
  ['ceil(10.1), √9.09 is 3.01', 101, 0.1, 8],
  ['one row is always needed, αn = 1', 10, 0.1, 1],
  ['one row is always needed, αn < 1', 7, 0.1, 1],
] as const)('on other rows one standard error may be missing: %s', (_, n, alpha, fewest) => {
  expect(reachesAlphaWithinError({ n, risk: fewest }, alpha)).toBe(true);
  expect(reachesAlphaWithinError({ n, risk: fewest - 1 }, alpha)).toBe(false);
});

test('the edge is exact where the standard error is a whole number', () => {
  // α = a/1000 and n = 1000·m: nα(1 − α) = m·a·(1000 − a)/1000, whose root is whole for some.
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 999 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.nat(400),
      (a, n, missing) => {
        const needed = Math.ceil((a * n) / 1000);
        fc.pre(missing <= needed);
        const within = (1000 * missing) ** 2 <= n * a * (1000 - a);
        expect(reachesAlphaWithinError({ n, risk: needed - missing }, a / 1000)).toBe(within);
      },
    ),
    { numRuns: 2000 },
  );
});

test('fitted rows owe the slack, the choosing split does not', () => {
  const asked = { alpha: 0.1, slack: 0.25 };
  const enough = { train: counts(1000, 125), choosing: counts(100, 7) };
  expect(isFeasible(enough, asked)).toBe(true);
  expect(isFeasible({ ...enough, train: counts(1000, 124) }, asked)).toBe(false);
  expect(isFeasible({ ...enough, choosing: counts(100, 6) }, asked)).toBe(false);
});
