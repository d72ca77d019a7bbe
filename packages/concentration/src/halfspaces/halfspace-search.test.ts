import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Direction, directionOf } from './directions.js';
import { type HalfspaceSetting, searchHalfspace } from './halfspace-search.js';

interface Sample {
  readonly fit: readonly (readonly number[])[];
  readonly choosing: readonly (readonly number[])[];
}

/** Small whole numbers full of ties, in three columns. */
const samples = fc.record({
  fit: fc.array(row(), { minLength: 4, maxLength: 30 }),
  choosing: fc.array(row(), { minLength: 3, maxLength: 15 }),
});
const settings = fc.record({
  alpha: fc.constantFrom(0.05, 0.2, 0.34, 0.5),
  slack: fc.constantFrom(0, 0.25),
  epsilon: fc.constantFrom(0, 0.5, 1, 2.3),
  ties: fc.constantFrom('first' as const, 'last' as const),
});
const components = [
  Float64Array.of(0.8, 0.6, 0),
  Float64Array.of(0.36, -0.48, 0.8),
  Float64Array.of(0, 0, 1),
];

test('under l2 it is the best of both sides of all components, counted on whole numbers', async () => {
  await fc.assert(
    fc.asyncProperty(samples, settings, async (sample, rest) => {
      const setting: HalfspaceSetting = { ...rest, metric: 'l2' };
      const found = await searchHalfspace(components, projector(sample), setting);
      const judged = components.flatMap((_, component) =>
        ([1, -1] as const).map((sign) => ({
          component,
          sign,
          ...tightest(sample, component, 1, sign, setting),
        })),
      );
      const most = Math.max(...judged.map(worth));
      const equals = judged.filter((side) => worth(side) === most);
      const { component, sign, feasible, train, choosing } = found;
      expect({ component, sign, feasible, train, choosing }).toEqual(
        equals.at(rest.ties === 'last' ? -1 : 0),
      );
    }),
  );
});

test('under linf it counts as the definition does, and no exponent tried on every component does better', async () => {
  await fc.assert(
    fc.asyncProperty(samples, settings, async (sample, rest) => {
      const setting: HalfspaceSetting = { ...rest, metric: 'linf' };
      const found = await searchHalfspace(components, projector(sample), setting);
      const { component, exponent, sign, feasible, train, choosing } = found;
      expect({ feasible, train, choosing }).toEqual(tightest(sample, component, exponent, sign, setting));
      // 1, 11 and 21 are tried whatever they bring; [0, 0, 1] is the axis at once.
      for (const [other, tried] of [1, 11, 21].flatMap(
        (e) =>
          [
            [0, e],
            [1, e],
            [2, 1],
          ] as const,
      )) {
        for (const side of [1, -1] as const) {
          const rival = tightest(sample, other, tried, side, setting);
          expect(worth(found)).toBeGreaterThanOrEqual(worth(rival));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('finds the exponent between the steps, and stops where nothing improves', async () => {
  // Rows near the threshold are fewest at 26: the projections are told by the exponent that is asked about.
  const component = Float64Array.of(0.8, -0.6);
  const halves = Array.from({ length: 90 }, (_, i) => (i + 1) / 2);
  const exponentOf = ({ w }: Direction) =>
    halves.find((exponent) => directionOf(component, exponent, 'linf').w[1] === w[1]) ?? 60;
  const asked: number[] = [];
  const found = await searchHalfspace(
    [component],
    async (directions) =>
      directions.map((direction) => {
        const exponent = exponentOf(direction);
        asked.push(exponent);
        const near = Math.round(Math.abs(exponent - 26));
        const values = Float64Array.from({ length: 100 }, (_, i) => (i < 5 ? 10 : i < 5 + near ? 9.5 : 0));
        return { fit: values, choosing: values };
      }),
    { metric: 'linf', alpha: 0.05, slack: 0, epsilon: 1, ties: 'first' },
  );
  expect(found).toMatchObject({ exponent: 26, sign: 1, choosing: { risk: 5, advRisk: 5 } });
  expect(asked).toEqual([1, 11, 21, 31, 41, 16, 26, 24, 28, 25, 27, 25.5, 26.5]);
});

interface Side {
  readonly feasible: boolean;
  readonly choosing: { readonly risk: number; readonly advRisk: number };
}

/** More is better: any feasible side before all others, with the lowest advRisk; of the others the highest risk. */
function worth({ feasible, choosing }: Side): number {
  return feasible ? 1000 - choosing.advRisk : choosing.risk;
}

/**
 * The counts at the highest threshold at which the fitted rows have the risk asked for: w·2²⁰ is whole, so that
 * everything is decided on integers. t − p ≤ ε‖w‖, for l2 squared: (t − p)² ≤ ε²·Σw². Feasible where the choosing split
 * lacks at most √(nα(1 − α)) rows of ceil(αn).
 */
function tightest(
  { fit, choosing }: Sample,
  component: number,
  exponent: number,
  sign: 1 | -1,
  { metric, alpha, slack, epsilon }: HalfspaceSetting,
) {
  const { w } = directionOf(components[component] ?? Float64Array.of(), exponent, metric);
  const whole = Array.from(w, (entry) => BigInt(entry * 2 ** 20));
  const projected = (rows: Sample['fit']) =>
    rows.map((x) => BigInt(sign) * whole.reduce((sum, entry, j) => sum + entry * BigInt(x[j] ?? 0), 0n));
  const lists = [projected(fit), projected(choosing)] as const;
  const hundredths = Math.round(alpha * 100);
  const need = Math.ceil((hundredths * Math.round(100 * (1 + slack)) * fit.length) / 1e4);
  const t = lists[0].toSorted((a, b) => (a < b ? 1 : -1))[need - 1] ?? 0n;
  const tenths = BigInt(Math.round(epsilon * 10));
  const norm1 = whole.reduce((sum, entry) => sum + (entry < 0n ? -entry : entry), 0n);
  const norm2squared = whole.reduce((sum, entry) => sum + entry * entry, 0n);
  const within = (p: bigint) =>
    p >= t ||
    (metric === 'l2'
      ? 100n * (t - p) * (t - p) <= tenths * tenths * norm2squared
      : 10n * (t - p) <= tenths * norm1);
  const [train, chosenBy] = lists.map((list) => ({
    n: list.length,
    risk: list.filter((p) => p >= t).length,
    advRisk: list.filter(within).length,
  }));
  const missing = Math.ceil((hundredths * choosing.length) / 100) - (chosenBy ?? empty).risk;
  const feasible = missing <= 0 || 1e4 * missing ** 2 <= choosing.length * hundredths * (100 - hundredths);
  return { feasible, train: train ?? empty, choosing: chosenBy ?? empty };
}

const empty = { n: 0, risk: 0, advRisk: 0 };

function projector({ fit, choosing }: Sample) {
  const project = (rows: Sample['fit'], { w }: Direction) =>
    Float64Array.from(rows, (x) => x.reduce((sum, value, j) => sum + value * (w[j] ?? 0), 0));
  return async (directions: readonly Direction[]) =>
    directions.map((direction) => ({ fit: project(fit, direction), choosing: project(choosing, direction) }));
}

function row() {
  return fc.tuple(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 0, max: 6 }),
  );
}
