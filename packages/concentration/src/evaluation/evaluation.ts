import { multiplyRational, parseRational, type Rational, rational, subtractRational } from '@levy/contracts';
import type { EvaluationStep, RowList } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { countBalls, countsOfBalls } from '../balls/membership.js';
import { type Counts, CountsSchema } from '../counts.js';
import { countProjections, storedReach } from '../halfspaces/hyperplane.js';
import { type AxisHalfSpace, countAxis, insideAxis } from '../halfspaces/scan.js';
import { clustersStepOf, countRectangles } from '../rectangles/candidate.js';
import { countMargins, exceedingMargins, Threshold } from '../rectangles/exceedance.js';
import { facesInBox, rectanglesOf, storedRange } from '../rectangles/faces.js';
import type { Region } from '../region/region.js';
import { labelUncertainty, meanInside } from '../uncertainty/label-uncertainty.js';
import type { Walk } from '../walk/walk.js';

/** Counts of the region on every split, of the scan's half-space on test, and the ε curve on test. */
export const EvaluationSchema = Type.Object({
  train: CountsSchema,
  validation: Type.Optional(CountsSchema),
  test: CountsSchema,
  scanTest: CountsSchema,
  /** advRisk of the fixed region at CURVE_STEPS + 1 even steps of ε from 0 to 2ε₀; its risk is test.risk throughout. */
  curve: Type.Array(Type.Integer({ minimum: 0 })),
  /** Mean label uncertainty of the region's rows of a split; absent where there are no soft labels or no such rows. */
  labelUncertainty: Type.Optional(
    Type.Object({
      train: Type.Optional(Type.Number()),
      validation: Type.Optional(Type.Number()),
      test: Type.Optional(Type.Number()),
    }),
  ),
});
export type Evaluation = Static<typeof EvaluationSchema>;

/** method §2.9: 65 even steps from 0 to 2ε₀. */
export const CURVE_STEPS = 64;

/** ε of a point of the curve. */
export function curveEpsilon(epsilon: Rational, index: number): Rational {
  return multiplyRational(epsilon, rational(2 * index, CURVE_STEPS));
}

/** Counts the region of a job, which is fixed by now, on the splits. */
export async function evaluate(step: EvaluationStep, walk: Walk): Promise<Evaluation> {
  const region = await walk.get(step.region);
  const scan = await walk.get(step.scan);
  const epsilon = parseRational(step.epsilon);
  const counter = await regionCounter(step, region, walk);
  const curve = await counter.curve(
    Array.from({ length: CURVE_STEPS + 1 }, (_, index) => curveEpsilon(epsilon, index)),
  );
  return {
    train: await trainCounts(step, region, counter),
    ...(step.validation === undefined ? {} : { validation: await counter.count(step.validation) }),
    test: await counter.count(step.test),
    scanTest: countAxis(walk.hostRows(step.test), scan.halfSpace, epsilon, walk.scale),
    curve: [...curve],
    ...(walk.dataset.softLabels === undefined
      ? {}
      : { labelUncertainty: await uncertaintiesInside(step, counter, walk) }),
  };
}

async function uncertaintiesInside(
  { fit, validation, test }: EvaluationStep,
  { inside }: RegionCounter,
  walk: Walk,
): Promise<NonNullable<Evaluation['labelUncertainty']>> {
  const splits = { train: fit, validation, test };
  const means: NonNullable<Evaluation['labelUncertainty']> = {};
  for (const split of ['train', 'validation', 'test'] as const) {
    const rows = splits[split];
    const uncertainty = rows === undefined ? undefined : labelUncertainty(rows, walk.dataset);
    if (rows === undefined || uncertainty === undefined) continue;
    const mean = meanInside(uncertainty, await inside(rows));
    if (mean !== undefined) means[split] = mean;
  }
  return means;
}

/** What the search counted, where it counted exactly what a region is judged by. */
async function trainCounts(step: EvaluationStep, region: Region, counter: RegionCounter): Promise<Counts> {
  if (region.kind === 'balls') return counter.count(step.fit);
  return region.kind === 'rectangles' ? region.candidate.train : region.train;
}

interface RegionCounter {
  count(rows: RowList): Promise<Counts>;
  /** 1 for every row of the list in E. */
  inside(rows: RowList): Promise<Uint8Array>;
  /** Test rows within each ε of the fixed region. */
  curve(epsilons: readonly Rational[]): Promise<readonly number[]>;
}

async function regionCounter(step: EvaluationStep, region: Region, walk: Walk): Promise<RegionCounter> {
  switch (region.kind) {
    case 'rectangles':
      return rectanglesCounter(step, region, walk);
    case 'balls':
      return ballsCounter(step, region, walk);
    case 'hyperplane':
      return hyperplaneCounter(step, region, walk);
    case 'axis':
      return axisCounter(step, region.halfSpace, walk);
  }
}

/**
 * The curve of rectangles holds E at ε₀ fixed: advRisk(ε) = P[m > ε₀ − ε], with m over the faces that can be violated
 * at ε₀ (method §2.9).
 */
async function rectanglesCounter(
  step: EvaluationStep,
  region: Extract<Region, { kind: 'rectangles' }>,
  walk: Walk,
): Promise<RegionCounter> {
  const setting =
    step.region.kind === 'rectangles' ? step.region.candidates[region.list]?.setting : undefined;
  if (setting === undefined) throw new RangeError('a rectangles region comes from a rectangles step');
  const clustersStep = clustersStepOf(setting, region.candidate.covered, region.candidate.seed);
  const clusters = await walk.get(clustersStep);
  const range = storedRange(walk.dataset.dataset);
  const atEpsilon = parseRational(step.epsilon);
  const margins =
    step.domain === 'box' && range !== undefined
      ? await walk.margins(step.test, facesInBox(clusters, range, atEpsilon, walk.scale))
      : await walk.get({
          name: 'margins',
          clusters: clustersStep,
          rows: step.test,
          ...(clustersStep.engine === undefined ? {} : { engine: clustersStep.engine }),
        });
  return {
    count: (rows) => countRectangles(walk, clustersStep, rows, setting),
    inside: async (rows) =>
      exceedingMargins(
        await walk.margins(rows, rectanglesOf(clusters, range)),
        new Threshold(atEpsilon, clusters, walk.scale),
      ),
    curve: async (epsilons) =>
      epsilons.map((epsilon) =>
        countMargins(margins, new Threshold(subtractRational(atEpsilon, epsilon), clusters, walk.scale)),
      ),
  };
}

function ballsCounter(
  step: EvaluationStep,
  { balls }: Extract<Region, { kind: 'balls' }>,
  walk: Walk,
): RegionCounter {
  const metric = step.region.kind === 'balls' ? step.region.candidates[0]?.metric : undefined;
  if (metric === undefined) throw new RangeError('a balls region comes from a balls step');
  return {
    count: (rows) => countsOfBalls(walk, balls, metric, rows, parseRational(step.epsilon)),
    inside: async (rows) => (await countBalls(walk, balls, metric, rows, [])).inside,
    curve: async (epsilons) => (await countBalls(walk, balls, metric, step.test, epsilons)).within,
  };
}

async function hyperplaneCounter(
  step: EvaluationStep,
  region: Extract<Region, { kind: 'hyperplane' }>,
  walk: Walk,
): Promise<RegionCounter> {
  const reachOf = (epsilon: Rational) => storedReach(epsilon, walk.scale);
  const countAt = async (rows: RowList, reach: number) =>
    countProjections(await walk.project(rows, Float64Array.from(region.w)), region.threshold, reach);
  const test = await walk.project(step.test, Float64Array.from(region.w));
  return {
    count: (rows) => countAt(rows, reachOf(parseRational(step.epsilon))),
    inside: async (rows) =>
      Uint8Array.from(await walk.project(rows, Float64Array.from(region.w)), (projection) =>
        Number(projection >= region.threshold),
      ),
    curve: async (epsilons) =>
      epsilons.map((epsilon) => countProjections(test, region.threshold, reachOf(epsilon)).advRisk),
  };
}

function axisCounter(step: EvaluationStep, halfSpace: AxisHalfSpace, walk: Walk): RegionCounter {
  const count = (rows: RowList, epsilon: Rational) =>
    countAxis(walk.hostRows(rows), halfSpace, epsilon, walk.scale);
  return {
    count: async (rows) => count(rows, parseRational(step.epsilon)),
    inside: async (rows) => insideAxis(walk.hostRows(rows), halfSpace, walk.scale),
    curve: async (epsilons) => epsilons.map((epsilon) => count(step.test, epsilon).advRisk),
  };
}
