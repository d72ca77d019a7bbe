import { createHash } from 'node:crypto';
import {
  type JobSpec,
  METHOD_VERSION,
  type Provenance,
  parseRational,
  type Result,
  VERSION,
} from '@levy/contracts';
import type { EngineWork } from '@levy/kernels';
import type { Plan } from '@levy/plan';
import { curveOf, estimateOf, type Findings, traceOf, warningsOf } from './evaluation/estimate.js';
import { curveCsv, traceCsv } from './evaluation/tables.js';
import type { MeasuredFile, Measurement, MeasurementContext } from './measurement.js';
import { boxesOfFaces } from './rectangles/best/faces-step.js';
import { clustersStepOf } from './rectangles/candidate.js';
import type { RestartsOutcome } from './rectangles/search.js';
import { domainOf, type FoundRegion, foundRegion, piecesOf, settingOf } from './region/found-region.js';
import { encodeRegion, type RegionShape } from './region/region-file.js';
import { ballsShape, halfSpaceShape, rectanglesShape } from './region/region-shape.js';
import { planOn } from './walk/plan-on.js';
import { Walk } from './walk/walk.js';

/**
 * Measures one job: walks its plan, taking the artifacts that are there, and tells the estimate.
 * Rejects with the signal's reason when aborted, with MeasurementError for what cannot be measured, with EngineError
 * for faults of the engine.
 */
export async function measure(spec: JobSpec, context: MeasurementContext): Promise<Measurement> {
  const started = performance.now();
  const before = context.engine.work?.();
  context.sweep?.begin(spec);
  const plan = planOn(spec, context);
  using walk = new Walk(plan, context);
  const evaluation = await walk.get(plan.evaluation);
  const chosen = await walk.get(plan.evaluation.region);
  const { step, region } = foundRegion(plan.evaluation.region, chosen);
  const scan = await walk.get(plan.evaluation.scan);
  const outcomes = await restartsOutcomes(plan, walk);
  const winner = await restartsOf({ step, region }, walk);
  const findings: Findings = {
    plan,
    step,
    region,
    ...(chosen.kind === 'all' ? { contest: chosen } : {}),
    scan,
    evaluation,
    ...(winner === undefined ? {} : { restarts: winner }),
  };
  const files = await filesOf(findings, outcomes, walk);
  const told = estimateOf(findings);
  await walk.countUnread();
  const result: Result = {
    ...told,
    provenance: provenanceOf(plan, walk, context, before),
    timings: timingsOf(walk, started),
    warnings: warningsOf(findings),
    ...(outcomes.length === 0 ? {} : { searchTrace: traceOf(outcomes, plan) }),
    epsilonCurve: curveOf(findings),
    artifacts: files.map(({ name, mediaType, bytes }) => ({
      name,
      mediaType,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
  };
  return { result, files };
}

async function restartsOutcomes(plan: Plan, walk: Walk): Promise<RestartsOutcome[]> {
  const { region } = plan.evaluation;
  const outcomes = [];
  for (const method of region.kind === 'all' ? region.candidates : [region]) {
    if (method.kind !== 'rectangles') continue;
    for (const step of method.candidates) outcomes.push(await walk.get(step));
  }
  return outcomes;
}

/** The restarts at the T of the region. */
async function restartsOf({ step, region }: FoundRegion, walk: Walk): Promise<RestartsOutcome | undefined> {
  if (step.kind !== 'rectangles') return undefined;
  const list =
    region.kind === 'rectangles'
      ? region.list
      : step.candidates.findIndex(({ setting }) => setting.T === piecesOf(region));
  const restarts = step.candidates[list];
  return restarts && (await walk.get(restarts));
}

async function filesOf(
  findings: Findings,
  outcomes: readonly RestartsOutcome[],
  walk: Walk,
): Promise<MeasuredFile[]> {
  const { plan, evaluation } = findings;
  const { spec } = plan;
  const { train, validation, test } = evaluation;
  const region = await encodeRegion({
    shape: await shapeOf(findings, walk),
    metric: spec.metric,
    domain: domainOf(findings),
    epsilon: parseRational(spec.epsilonExact),
    datasetDigest: spec.datasetDigest,
    protocol: spec.protocol,
    ...(spec.samples === undefined ? {} : { samples: { count: spec.samples, seed: spec.seed } }),
    claims: { train, ...(validation === undefined ? {} : { validation }), test },
  });
  const text = (value: string) => new TextEncoder().encode(value);
  const trace = traceOf(outcomes, plan);
  return [
    { name: 'region.npz', mediaType: 'application/zip', bytes: region },
    {
      name: 'epsilon-curve.csv',
      mediaType: 'text/csv; charset=utf-8',
      bytes: text(curveCsv(curveOf(findings))),
    },
    ...(trace.length === 0
      ? []
      : [
          {
            name: 'search-trace.csv' as const,
            mediaType: 'text/csv; charset=utf-8',
            bytes: text(traceCsv(trace)),
          },
        ]),
  ];
}

async function shapeOf({ plan, step, region }: Findings, walk: Walk): Promise<RegionShape> {
  if (region.kind === 'balls') return ballsShape(region.balls, plan.spec.metric, walk.dataset);
  if (region.kind === 'faces') {
    return rectanglesShape(boxesOfFaces(region.candidate, plan.evaluation.fit, walk), walk.scale);
  }
  if (region.kind !== 'rectangles') return halfSpaceShape(region, plan.dataset.columns, walk.scale);
  const { covered, seed } = region.candidate;
  const clusters = await walk.get(clustersStepOf(settingOf(step, region.list), covered, seed));
  return rectanglesShape(clusters, walk.scale);
}

/** @param before what the engine had done when the job began */
function provenanceOf(
  plan: Plan,
  walk: Walk,
  { engine, host }: MeasurementContext,
  before: EngineWork | undefined,
): Provenance {
  const { engine: name, device, threads, adapter } = engine.info;
  const work = workSince(before, engine.work?.());
  return {
    version: VERSION,
    methodVersion: METHOD_VERSION,
    datasetDigest: plan.dataset.digest,
    reused: [...walk.reused].map(([step, artifacts]) => ({ step, artifacts })),
    workers: [
      {
        ...{ host, engine: name, device, threads },
        ...(adapter === undefined ? {} : { adapter }),
        ...(work === undefined ? {} : { work }),
      },
    ],
  };
}

/** What the engine did in between; the largest tiles, which are no sums, as they are. */
function workSince(before: EngineWork | undefined, after: EngineWork | undefined): EngineWork | undefined {
  if (before === undefined || after === undefined) return undefined;
  const passed = (kind: keyof EngineWork['seconds']) => rounded(after.seconds[kind] - before.seconds[kind]);
  return {
    seconds: { kernels: passed('kernels'), transfer: passed('transfer'), selection: passed('selection') },
    tileRows: after.tileRows,
    restarts: after.restarts - before.restarts,
  };
}

function timingsOf(walk: Walk, started: number): Record<string, number> {
  const steps = [...walk.seconds].map(([step, seconds]) => [step, rounded(seconds)] as const);
  return { ...Object.fromEntries(steps), total: rounded((performance.now() - started) / 1000) };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
