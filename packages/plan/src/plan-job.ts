import type { BallsSpec, Dataset, EngineClass, JobSpec, PlanSummary, RectanglesSpec } from '@levy/contracts';
import { type SingleSpec, singleSpecsOf } from './all-methods.js';
import { costOf, type Machine, peakBytes } from './cost.js';
import { listOf } from './resolve-job.js';
import {
  type BallsStep,
  type EvaluationStep,
  type FacesStep,
  type MethodRegionStep,
  type NeighboursStep,
  needsOf,
  type RectanglesSetting,
  type RegionStep,
  type RestartsStep,
  type RowList,
  type ScanStep,
  type Step,
  stepKey,
} from './step.js';

/** Leading principal components that `halfspace` looks along (method §4). */
const COMPONENTS = 64;

/** A job's graph of steps: every step comes after the ones it needs. */
export interface Plan {
  readonly spec: JobSpec;
  readonly dataset: Dataset;
  readonly engine: EngineClass;
  readonly rows: JobRows;
  readonly steps: readonly PlannedStep[];
  readonly evaluation: EvaluationStep;
  readonly estimatedSeconds: number;
  /** Most bytes of memory that walking the plan takes, the process itself apart. */
  readonly estimatedBytes: number;
}

export interface PlannedStep {
  readonly step: Step;
  readonly key: string;
  readonly needs: readonly string[];
  readonly estimatedSeconds: number;
  /** Bytes of the step's artifact. */
  readonly estimatedBytes: number;
}

/** The row lists of a job (method §2.7). */
export interface JobRows {
  readonly fit: RowList;
  readonly validation?: RowList;
  readonly test: RowList;
  /** The rows on which q, T, restart and method are chosen. */
  readonly choosing: RowList;
}

/**
 * The plan of a resolved job on its data set.
 * Throws RangeError if the data set is not the one that the spec was resolved for.
 */
export function planJob(spec: JobSpec, dataset: Dataset, machine: Machine): Plan {
  if (dataset.digest !== spec.datasetDigest) {
    throw new RangeError(
      `the job was submitted for ${spec.dataset} with digest ${spec.datasetDigest}, but the store now holds ${dataset.digest}; submit it again`,
    );
  }
  const rows = rowsOf(spec);
  const evaluation = evaluationOf(spec, dataset, rows, machine.engine);
  const steps = inOrder(evaluation).map((step): PlannedStep => {
    const cost = costOf(step, dataset, machine);
    return {
      step,
      key: stepKey(step),
      needs: needsOf(step).map(stepKey),
      estimatedSeconds: cost.seconds,
      estimatedBytes: cost.bytes,
    };
  });
  return {
    spec,
    dataset,
    engine: machine.engine,
    rows,
    steps,
    evaluation,
    estimatedSeconds: steps.reduce((sum, step) => sum + step.estimatedSeconds, 0),
    estimatedBytes: peakBytes(dataset, steps),
  };
}

/** The plan as the dry run answers it. */
export function summarisePlan(plan: Plan): PlanSummary {
  return {
    spec: plan.spec,
    engine: plan.engine,
    steps: plan.steps.map(({ step, key, needs, estimatedSeconds, estimatedBytes }) => ({
      name: step.name,
      key,
      needs: [...needs],
      estimatedSeconds,
      estimatedBytes,
    })),
    estimatedSeconds: plan.estimatedSeconds,
    estimatedBytes: plan.estimatedBytes,
  };
}

function rowsOf(spec: JobSpec): JobRows {
  const dataset = spec.datasetDigest;
  const samples = spec.samples === undefined ? {} : { samples: { count: spec.samples, seed: spec.seed } };
  const test: RowList = { dataset, part: 'test' };
  if (spec.protocol === 'paper') {
    return { fit: { dataset, part: 'train', ...samples }, test, choosing: test };
  }
  const validation: RowList = { dataset, part: 'validation' };
  return { fit: { dataset, part: 'fit', ...samples }, validation, test, choosing: validation };
}

function evaluationOf(spec: JobSpec, dataset: Dataset, rows: JobRows, engine: EngineClass): EvaluationStep {
  const scan: ScanStep = {
    name: 'scan',
    rows: rows.fit,
    alpha: spec.alpha,
    slack: spec.slack,
    epsilon: spec.epsilonExact,
  };
  return {
    name: 'evaluation',
    region: regionOf(spec, dataset, rows, scan, engine),
    scan,
    epsilon: spec.epsilonExact,
    fit: rows.fit,
    ...(rows.validation === undefined ? {} : { validation: rows.validation }),
    test: rows.test,
  };
}

function regionOf(
  spec: JobSpec,
  dataset: Dataset,
  rows: JobRows,
  scan: ScanStep,
  engine: EngineClass,
): RegionStep {
  if (spec.method !== 'all') return methodRegionOf(spec, dataset, rows, scan, engine);
  return {
    name: 'region',
    kind: 'all',
    candidates: singleSpecsOf(spec).map((single) => methodRegionOf(single, dataset, rows, scan, engine)),
    alpha: spec.alpha,
    slack: spec.slack,
    epsilon: spec.epsilonExact,
    fit: rows.fit,
    choosing: rows.choosing,
    ties: spec.protocol === 'paper' ? 'last' : 'first',
  };
}

function methodRegionOf(
  spec: SingleSpec,
  dataset: Dataset,
  rows: JobRows,
  scan: ScanStep,
  engine: EngineClass,
): MethodRegionStep {
  switch (spec.method) {
    case 'axis':
      return { name: 'region', kind: 'axis', scan };
    case 'hyperplane':
      return {
        name: 'region',
        kind: 'hyperplane',
        component: { name: 'component', rows: rows.fit, engine },
        alpha: spec.alpha,
        slack: spec.slack,
        epsilon: spec.epsilonExact,
      };
    case 'halfspace':
      return {
        name: 'region',
        kind: 'halfspace',
        components: { name: 'components', rows: rows.fit, count: COMPONENTS, engine },
        metric: spec.metric,
        alpha: spec.alpha,
        slack: spec.slack,
        epsilon: spec.epsilonExact,
        choosing: rows.choosing,
        ties: spec.protocol === 'paper' ? 'last' : 'first',
      };
    case 'balls':
      return {
        name: 'region',
        kind: 'balls',
        candidates: listOf(spec.T).map((T): BallsStep => ballsOf(spec, T, dataset, rows, engine)),
        choosing: rows.choosing,
        ties: spec.protocol === 'paper' ? 'last' : 'first',
      };
    case 'rectangles':
      return {
        name: 'region',
        kind: 'rectangles',
        candidates: listOf(spec.T).map((T) => restartsOf(spec, T, dataset, rows, engine)),
        ...(spec.search === 'best' ? { faces: facesOf(spec, dataset, rows, engine) } : {}),
        ties: spec.protocol === 'paper' ? 'last' : 'first',
      };
  }
}

function ballsOf(
  spec: BallsSpec,
  T: number,
  dataset: Dataset,
  rows: JobRows,
  engine: EngineClass,
): BallsStep {
  return {
    name: 'balls',
    rows: rows.fit,
    metric: spec.metric,
    epsilon: spec.epsilonExact,
    alpha: spec.alpha,
    slack: spec.slack,
    T,
    ...(spec.gamma === undefined ? {} : { gamma: spec.gamma }),
    ...(dataset.dtype === 'u1' ? {} : { engine }),
  };
}

function restartsOf(
  spec: RectanglesSpec,
  T: number,
  dataset: Dataset,
  rows: JobRows,
  engine: EngineClass,
): RestartsStep {
  const neighbours: NeighboursStep = {
    name: 'neighbours',
    rows: rows.fit,
    k: spec.neighbors,
    ...(dataset.dtype === 'u1' ? {} : { engine }),
  };
  const setting: RectanglesSetting = {
    neighbours,
    T,
    seed: spec.seed,
    iterations: spec.iterations,
    stopping: spec.protocol === 'paper' ? 'label-sum' : 'labels',
    alpha: spec.alpha,
    slack: spec.slack,
    epsilon: spec.epsilonExact,
    domain: spec.domain,
    choosing: rows.choosing,
  };
  return {
    name: 'restarts',
    setting,
    q:
      spec.q === undefined
        ? { search: { name: 'search', setting, qTolerance: spec.qTolerance } }
        : { given: spec.q },
    count: spec.restarts,
    test: rows.test,
  };
}

/** More rectangles with few faces gained nothing on the data that it was tried on (docs/decisions/search-best.md). */
const MOST_FACE_RECTANGLES = 8;

/** One, two, four … rectangles, as far as the largest T allows. */
function facesOf(spec: RectanglesSpec, dataset: Dataset, rows: JobRows, engine: EngineClass): FacesStep {
  const most = Math.min(MOST_FACE_RECTANGLES, Math.max(...listOf(spec.T)));
  const ofRectangles = (rectangles: number): FacesStep => ({
    name: 'faces',
    rows: rows.fit,
    choosing: rows.choosing,
    rectangles,
    alpha: spec.alpha,
    slack: spec.slack,
    epsilon: spec.epsilonExact,
    ...(dataset.dtype === 'u1' ? {} : { engine }),
    ...(rectangles === 1 ? {} : { smaller: ofRectangles(rectangles / 2) }),
  });
  return ofRectangles(2 ** Math.floor(Math.log2(most)));
}

/** The step and all it needs, each once, needs first. */
function inOrder(last: Step): Step[] {
  const steps = new Map<string, Step>();
  const visit = (step: Step): void => {
    const key = stepKey(step);
    if (steps.has(key)) return;
    for (const need of needsOf(step)) visit(need);
    steps.set(key, step);
  };
  visit(last);
  return [...steps.values()];
}
