import { type Rational, type SplitMeasure, subtractRational } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import { expect } from 'vitest';
import { CURVE_STEPS, curveEpsilon } from '../evaluation/evaluation.js';
import type { RegionFile } from '../region/region-file.js';
import { verifyRegion } from '../region/verify-region.js';
import type { SmallMeasurement } from './measure-small.js';

/**
 * What must hold of every measurement: only numbers, 0 ≤ risk ≤ advRisk ≤ 1 wherever they are told, counts that a
 * recount of the region file confirms, and a curve along which the region stays and its expansion grows.
 */
export function expectSound({ result, region }: SmallMeasurement, dataset: LoadedDataset): void {
  for (const number of numbersIn(result)) expect(number).toSatisfy(Number.isFinite);
  const { best, scan, searchTrace = [] } = result;
  for (const { risk, advRisk } of [best, scan, ...searchTrace].flatMap(splitsOf)) {
    expect(risk).toBeGreaterThanOrEqual(0);
    expect(advRisk).toBeGreaterThanOrEqual(risk);
    expect(advRisk).toBeLessThanOrEqual(1);
  }
  const { splits, agrees } = verifyRegion(region, dataset);
  expect(agrees).toBe(true);
  const recounted = splits.map(({ recounted: { n, risk, advRisk } }) => [n, risk / n, advRisk / n]);
  expect(splitsOf(best).map(({ n, risk, advRisk }) => [n, risk, advRisk])).toEqual(recounted);
  expectSoundCurve({ result, region }, dataset);
}

/** The region held fixed: as ε grows risk is constant and advRisk grows, as recounts have it (method §8). */
function expectSoundCurve(
  { result: { best, epsilonCurve: curve }, region }: SmallMeasurement,
  dataset: LoadedDataset,
): void {
  expect(curve).toHaveLength(CURVE_STEPS + 1);
  expect(curve[0]?.advRisk).toBe(best.test.risk);
  expect(curve[CURVE_STEPS / 2]?.advRisk).toBe(best.test.advRisk);
  for (const [index, { risk, advRisk }] of curve.entries()) {
    expect(risk).toBe(best.test.risk);
    expect(advRisk).toBeGreaterThanOrEqual(curve[index - 1]?.advRisk ?? 0);
    const reached =
      index % 8 === 3 ? reachedBy(region, curveEpsilon(region.epsilon, index), dataset) : undefined;
    if (reached !== undefined) expect(advRisk).toBe(reached / best.test.n);
  }
}

/**
 * Test rows within ε of the region in a file. For rectangles, whose E shrinks as ε grows, those of the E of the file's
 * ε: the rows that exceed the rectangles by more than what is left of it (method §2.9), told by a recount only where
 * every face counts.
 */
function reachedBy(region: RegionFile, epsilon: Rational, dataset: LoadedDataset): number | undefined {
  const counts = (at: Rational) =>
    verifyRegion({ ...region, epsilon: at }, dataset).splits.find(({ split }) => split === 'test')?.recounted;
  if (region.shape.kind !== 'rectangles') return counts(epsilon)?.advRisk;
  return region.domain === 'box' ? undefined : counts(subtractRational(region.epsilon, epsilon))?.risk;
}

function splitsOf(told: {
  train: SplitMeasure;
  validation?: SplitMeasure;
  test?: SplitMeasure;
}): SplitMeasure[] {
  return [told.train, told.validation, told.test].filter((split) => split !== undefined);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}
