import { multiplyRational, parseRational, type Rational, rational } from '@levy/contracts';
import type { AllRegionStep, EvaluationStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { type Counts, CountsSchema } from '../counts.js';
import { countAxis } from '../halfspaces/scan.js';
import { foundRegion } from '../region/found-region.js';
import type { Region } from '../region/region.js';
import {
  MainCoordinateSchema,
  type RegionCounter,
  regionCounter,
  trainCounts,
} from '../region/region-counter.js';
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
  /** Of the region's test rows. */
  mainCoordinate: Type.Optional(MainCoordinateSchema),
  /** Of a job over all methods: every candidate on test, in order. */
  candidatesTest: Type.Optional(Type.Array(CountsSchema)),
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
  const chosen = await walk.get(step.region);
  const found = foundRegion(step.region, chosen);
  const scan = await walk.get(step.scan);
  const epsilon = parseRational(step.epsilon);
  const counter = await regionCounter(found, epsilon, walk);
  const curve = await counter.curve(
    step.test,
    Array.from({ length: CURVE_STEPS + 1 }, (_, index) => curveEpsilon(epsilon, index)),
  );
  const mainCoordinate = await counter.mainCoordinate(step.test);
  return {
    train: await trainCounts(found, step.fit, counter),
    ...(step.validation === undefined ? {} : { validation: await counter.count(step.validation) }),
    test: await counter.count(step.test),
    scanTest: countAxis(walk.hostRows(step.test), scan.halfSpace, epsilon, walk.scale),
    curve: [...curve],
    ...(mainCoordinate === undefined ? {} : { mainCoordinate }),
    ...(step.region.kind === 'all'
      ? { candidatesTest: await candidatesOnTest(step, step.region, chosen, walk) }
      : {}),
    ...(walk.dataset.softLabels === undefined
      ? {}
      : { labelUncertainty: await uncertaintiesInside(step, counter, walk) }),
  };
}

async function candidatesOnTest(
  step: EvaluationStep,
  all: AllRegionStep,
  chosen: Region,
  walk: Walk,
): Promise<Counts[]> {
  const counts = [];
  const told = chosen.kind === 'all' ? chosen.candidates : [];
  for (const candidate of told.flatMap((one) => all.candidates[one.candidate] ?? [])) {
    const found = foundRegion(candidate, await walk.get(candidate));
    const counter = await regionCounter(found, parseRational(step.epsilon), walk);
    counts.push(await counter.count(step.test));
  }
  return counts;
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
