import { expect, test } from 'vitest';
import { countProjections, sidesOf } from './projections.js';

test('counts what lies within reach', () => {
  expect(countProjections(Float64Array.of(1, 2, 3, 4), 3, 1)).toEqual({ n: 4, risk: 2, advRisk: 3 });
});

test('both orientations, each with the projection at a position from its top', () => {
  const projections = Float64Array.of(5, -1, 9, 2);
  expect(sidesOf(projections, 1)).toEqual([
    { sign: 1, signed: projections, value: 5 },
    { sign: -1, signed: Float64Array.of(-5, 1, -9, -2), value: -2 },
  ]);
});
