import { type Rational, type SplitMeasure, subtractRational } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import { expect } from 'vitest';
import { CURVE_STEPS, curveEpsilon } from '../evaluation/evaluation.js';
import type { RegionFile } from '../region/region-file.js';
import { verifyRegion } from '../region/verify-region.js';
import type { SmallMeasurement } from './measure-small.js';

/**
 * What must hold of every measurement: only finite numbers, 0 ≤ risk ≤ advRisk ≤ 1 wherever they are told, counts that
 * a recount of the region file confirms, and a curve along which the region stays and its expansion grows.
 */
export function expectSound(measured: SmallMeasurement, dataset: LoadedDataset): void {
  // One assertion for all: thousands of them would take longer than the measurement.
  expect([...faultsOf(measured, dataset)]).toEqual([]);
}

function* faultsOf({ result, region }: SmallMeasurement, dataset: LoadedDataset): Generator<string> {
  if (!numbersIn(result).every(Number.isFinite)) yield 'a number is not finite';
  const { best, scan, searchTrace = [] } = result;
  for (const split of [best, scan, ...searchTrace].flatMap(splitsOf)) {
    if (!(0 <= split.risk && split.risk <= split.advRisk && split.advRisk <= 1))
      yield `0 ≤ risk ≤ advRisk ≤ 1 fails for ${JSON.stringify(split)}`;
  }
  const { splits, agrees } = verifyRegion(region, dataset);
  if (!agrees) yield `a recount differs from the file: ${JSON.stringify(splits)}`;
  const recounted = splits
    .map(({ recounted: { n, risk, advRisk } }) => `${n} ${risk / n} ${advRisk / n}`)
    .join();
  const told = splitsOf(best)
    .map(({ n, risk, advRisk }) => `${n} ${risk} ${advRisk}`)
    .join();
  if (told !== recounted) yield `a recount gives ${recounted}, told is ${told}`;
  yield* curveFaultsOf({ result, region }, dataset);
}

/** The region held fixed: as ε grows risk is constant and advRisk grows, as recounts have it (method §8). */
function* curveFaultsOf(
  { result: { best, epsilonCurve: curve }, region }: SmallMeasurement,
  dataset: LoadedDataset,
): Generator<string> {
  if (curve.length !== CURVE_STEPS + 1) yield `the curve has ${curve.length} points`;
  if (curve[0]?.advRisk !== best.test.risk) yield 'at ε = 0 the curve is not at risk';
  if (curve[CURVE_STEPS / 2]?.advRisk !== best.test.advRisk) yield "at the job's ε it is not at advRisk";
  for (const [index, { risk, advRisk }] of curve.entries()) {
    if (risk !== best.test.risk) yield `risk moves at point ${index} of the curve`;
    if (advRisk < (curve[index - 1]?.advRisk ?? 0)) yield `advRisk falls at point ${index} of the curve`;
    const reached =
      index % 8 === 3 ? reachedBy(region, curveEpsilon(region.epsilon, index), dataset) : undefined;
    if (reached !== undefined && advRisk !== reached / best.test.n)
      yield `point ${index} of the curve is ${advRisk}, a recount reaches ${reached} of ${best.test.n}`;
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
