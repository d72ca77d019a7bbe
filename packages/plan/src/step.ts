import { createHash } from 'node:crypto';
import { canonicalJson, type Domain, type EngineClass, METHOD_VERSION, type Metric } from '@levy/contracts';

/**
 * A step is a named pure computation, described by everything it depends on: its own parameters and, nested, the
 * steps whose artifacts it reads. Its key is the digest of that description, so that equal computations have equal
 * keys whoever asks for them (method §2.8). `engine` stands in the steps on float data alone, whose artifacts
 * differ between engine classes in their last bits; integer artifacts are the same everywhere and do not carry it.
 */
export type Step =
  | NeighboursStep
  | ClustersStep
  | MarginsStep
  | SearchStep
  | RestartsStep
  | FacesStep
  | BallsStep
  | ComponentStep
  | ComponentsStep
  | ScanStep
  | RegionStep
  | EvaluationStep;

/**
 * A list of rows of a data set. `train`: all training rows; `fit` and `validation`: the two parts that the holdout
 * protocol shuffles them into; `samples`: the first `count` of the list after a shuffle by `seed`.
 */
export interface RowList {
  readonly dataset: string;
  readonly part: 'train' | 'fit' | 'validation' | 'test';
  readonly samples?: { readonly count: number; readonly seed: number };
}

interface OnEngine {
  readonly engine?: EngineClass;
}

/** The ℓ1 distance of every row to its k-th nearest row (method §2.1). */
export interface NeighboursStep extends OnEngine {
  readonly name: 'neighbours';
  readonly rows: RowList;
  readonly k: number;
}

/** k-means of the `covered` densest rows into T clusters, with their coordinate-wise extents (method §2.2–2.3). */
export interface ClustersStep extends OnEngine {
  readonly name: 'clusters';
  readonly neighbours: NeighboursStep;
  readonly covered: number;
  readonly T: number;
  readonly seed: number;
  readonly iterations: number;
  readonly stopping: Stopping;
}

/** `labels`: no label changes; `label-sum`: the sum of the labels repeats, as in the authors' code. */
export type Stopping = 'labels' | 'label-sum';

/** Margin and room of rows against the rectangles of a clustering (method §2.4): serves every ε and both domains. */
export interface MarginsStep extends OnEngine {
  readonly name: 'margins';
  readonly clusters: ClustersStep;
  /** `uncovered`: the fitted rows that the clustering did not cover; the covered ones lie inside by construction. */
  readonly rows: RowList | 'uncovered';
}

/** What a rectangle run is judged by. */
export interface RectanglesSetting {
  readonly neighbours: NeighboursStep;
  readonly T: number;
  readonly seed: number;
  readonly iterations: number;
  readonly stopping: Stopping;
  readonly alpha: number;
  readonly slack: number;
  /** p/q */
  readonly epsilon: string;
  readonly domain: Domain;
  readonly choosing: RowList;
}

/** The bisection over q of Algorithm 1. */
export interface SearchStep {
  readonly name: 'search';
  readonly setting: RectanglesSetting;
  readonly qTolerance: number;
}

/** Runs with seeds seed … seed + count − 1 at one q. */
export interface RestartsStep {
  readonly name: 'restarts';
  readonly setting: RectanglesSetting;
  readonly q: { readonly given: number } | { readonly search: SearchStep };
  readonly count: number;
  readonly test: RowList;
}

/**
 * The best of at most `rectangles` rectangles with few faces each, by a search over faces rather than clusters
 * (docs/method.md, "Search"). Contains what fewer rectangles found.
 */
export interface FacesStep extends OnEngine {
  readonly name: 'faces';
  readonly rows: RowList;
  readonly choosing: RowList;
  readonly rectangles: number;
  readonly alpha: number;
  readonly slack: number;
  /** p/q */
  readonly epsilon: string;
  readonly smaller?: FacesStep;
}

/**
 * The balls of the greedy search (method §3): which rows are their centres, and their radii. Its lists and counts are
 * gigabytes and never leave the machine, so that the pass and the placement are one step.
 */
export interface BallsStep extends OnEngine {
  readonly name: 'balls';
  readonly rows: RowList;
  readonly metric: Metric;
  readonly epsilon: string;
  readonly alpha: number;
  readonly slack: number;
  readonly T: number;
  /** The least mean label uncertainty of the rows that a ball newly covers. */
  readonly gamma?: number;
}

/** The first principal component of the rows (centred covariance). Its floats always belong to an engine class. */
export interface ComponentStep {
  readonly name: 'component';
  readonly rows: RowList;
  readonly engine: EngineClass;
}

/** The leading principal components of the rows, `count` or as many as have any variance, largest variance first. */
export interface ComponentsStep {
  readonly name: 'components';
  readonly rows: RowList;
  readonly count: number;
  readonly engine: EngineClass;
}

/** The best of all 2d axis-aligned half-spaces (method §4). */
export interface ScanStep {
  readonly name: 'scan';
  readonly rows: RowList;
  readonly alpha: number;
  readonly slack: number;
  readonly epsilon: string;
}

/** The region that one method finds. */
export type MethodRegionStep = {
  readonly name: 'region';
} & (
  | {
      readonly kind: 'rectangles';
      readonly candidates: readonly RestartsStep[];
      /** Of search "best". */
      readonly faces?: FacesStep;
      readonly ties: 'first' | 'last';
    }
  | {
      readonly kind: 'balls';
      /** One for each T. */
      readonly candidates: readonly BallsStep[];
      readonly choosing: RowList;
      readonly ties: 'first' | 'last';
    }
  | {
      readonly kind: 'hyperplane';
      readonly component: ComponentStep;
      readonly alpha: number;
      readonly slack: number;
      readonly epsilon: string;
    }
  | {
      readonly kind: 'halfspace';
      readonly components: ComponentsStep;
      readonly metric: Metric;
      readonly alpha: number;
      readonly slack: number;
      readonly epsilon: string;
      readonly choosing: RowList;
      readonly ties: 'first' | 'last';
    }
  | { readonly kind: 'axis'; readonly scan: ScanStep }
);

/**
 * The best of the regions that several methods find, each as a job with that method alone finds it. All are counted
 * on the fitted rows and on the choosing split.
 */
export interface AllRegionStep {
  readonly name: 'region';
  readonly kind: 'all';
  readonly candidates: readonly MethodRegionStep[];
  readonly alpha: number;
  readonly slack: number;
  readonly epsilon: string;
  readonly fit: RowList;
  readonly choosing: RowList;
  readonly ties: 'first' | 'last';
}

/** The region that the job answers with. */
export type RegionStep = MethodRegionStep | AllRegionStep;

/** Counts of the region, and of the scan's, on every split, and the ε curve on test. */
export interface EvaluationStep {
  readonly name: 'evaluation';
  readonly region: RegionStep;
  readonly scan: ScanStep;
  readonly epsilon: string;
  readonly fit: RowList;
  readonly validation?: RowList;
  readonly test: RowList;
}

export type StepName = Step['name'];

/** The content key of a step, 64 hexadecimal digits. */
export function stepKey(step: Step): string {
  return createHash('sha256')
    .update(canonicalJson({ methodVersion: METHOD_VERSION, step }))
    .digest('hex');
}

/** The steps whose artifacts a step reads by plan; `search` and `restarts` ask for clusters and margins as they go. */
export function needsOf(step: Step): readonly Step[] {
  switch (step.name) {
    case 'neighbours':
    case 'balls':
    case 'component':
    case 'components':
    case 'scan':
      return [];
    case 'clusters':
      return [step.neighbours];
    case 'margins':
      return [step.clusters];
    case 'search':
      return [step.setting.neighbours];
    case 'restarts':
      return 'search' in step.q ? [step.q.search] : [step.setting.neighbours];
    case 'faces':
      return step.smaller === undefined ? [] : [step.smaller];
    case 'region':
      return regionNeeds(step);
    case 'evaluation':
      return [step.region, step.scan];
  }
}

function regionNeeds(step: RegionStep): readonly Step[] {
  switch (step.kind) {
    case 'rectangles':
      return step.faces === undefined ? step.candidates : [...step.candidates, step.faces];
    case 'balls':
    case 'all':
      return step.candidates;
    case 'hyperplane':
      return [step.component];
    case 'halfspace':
      return [step.components];
    case 'axis':
      return [step.scan];
  }
}
