import { expect, test } from 'vitest';
import { fitHyperplane } from './hyperplane.js';

/** 0 … 99 but for a long upper tail, so that the upper side expands over fewer points. */
const projections = Float64Array.from({ length: 100 }, (_, i) => (i < 90 ? i / 10 : 10 * i));

test('takes the value at position ceil(nα) from the top and what lies strictly above it', () => {
  const { w, threshold, train } = fitHyperplane(Float64Array.of(1, 0), projections, {
    alpha: 0.05,
    slack: 0,
    reach: 15,
  });
  expect([...w]).toEqual([1, 0]);
  expect(threshold).toBeGreaterThan(940);
  expect(threshold).toBeLessThan(940.001);
  expect(train).toEqual({ n: 100, risk: 5, advRisk: 7 });
});

test('turns round where the other side holds fewer rows within ε', () => {
  const mirrored = projections.map((value) => -value);
  const { w, train } = fitHyperplane(Float64Array.of(1, 0), mirrored, { alpha: 0.05, slack: 0, reach: 15 });
  expect([...w]).toEqual([-1, -0]);
  expect(train).toEqual({ n: 100, risk: 5, advRisk: 7 });
});

test('a saturated side, with nothing above its tie, is left for the other', () => {
  const saturated = Float64Array.from({ length: 100 }, (_, i) => (i < 15 ? 255 : i));
  const { w, train } = fitHyperplane(Float64Array.of(1), saturated, { alpha: 0.05, slack: 0, reach: 10 });
  expect([...w]).toEqual([-1]);
  expect(train.risk).toBe(5);
});
