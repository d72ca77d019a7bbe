import type { Method, Metric } from '@levy/contracts';

/** A way of finding a region, as a job that small data can bear. */
export interface SmallJob {
  readonly name: string;
  readonly job: {
    readonly metric: Metric;
    readonly method: Method;
    readonly T?: number | readonly number[];
    readonly neighbors?: number;
    readonly gamma?: number;
    readonly [field: string]: unknown;
  };
  /** The region hangs on principal components, which are defined only where variances differ. */
  readonly components?: true;
  /** On bytes, faces stand on whole ones: a unit may change, but multiplied bytes are a finer grid. */
  readonly onWholeBytes?: true;
  /** The paper protocol refuses it. */
  readonly underHoldoutAlone?: true;
  /** E holds at least α(1 + slack) of the fitted rows, always: for balls method §8 asks it. */
  readonly coversTrain?: true;
}

/** Every one of them: a new method is a new line, and every property that speaks of all methods holds it too. */
export const SMALL_JOBS: readonly SmallJob[] = [
  {
    name: 'rectangles, paper search',
    job: {
      metric: 'linf',
      method: 'rectangles',
      search: 'paper',
      T: 2,
      restarts: 2,
      neighbors: 3,
      qTolerance: 0.1,
    },
  },
  {
    name: 'rectangles, q given',
    job: { metric: 'linf', method: 'rectangles', search: 'paper', T: 3, q: 0.7, restarts: 2, neighbors: 2 },
  },
  {
    name: 'rectangles, best search',
    job: {
      metric: 'linf',
      method: 'rectangles',
      search: 'best',
      T: 2,
      restarts: 1,
      neighbors: 2,
      qTolerance: 0.25,
    },
    underHoldoutAlone: true,
    onWholeBytes: true,
  },
  { name: 'balls, l2', job: { metric: 'l2', method: 'balls', T: 2 }, coversTrain: true },
  { name: 'balls, linf', job: { metric: 'linf', method: 'balls', T: 3 }, coversTrain: true },
  { name: 'balls, T chosen', job: { metric: 'l2', method: 'balls', T: [1, 4] }, coversTrain: true },
  { name: 'balls, γ', job: { metric: 'l2', method: 'balls', T: 2, gamma: 0.5 }, coversTrain: true },
  { name: 'hyperplane', job: { metric: 'l2', method: 'hyperplane' }, components: true },
  { name: 'halfspace, l2', job: { metric: 'l2', method: 'halfspace' }, components: true, coversTrain: true },
  {
    name: 'halfspace, linf',
    job: { metric: 'linf', method: 'halfspace' },
    components: true,
    coversTrain: true,
  },
  { name: 'axis, linf', job: { metric: 'linf', method: 'axis' }, coversTrain: true },
  { name: 'axis, l2', job: { metric: 'l2', method: 'axis' }, coversTrain: true },
  { name: 'all, l2', job: { metric: 'l2', method: 'all', T: 2 }, components: true },
  {
    name: 'all, linf',
    job: { metric: 'linf', method: 'all', T: 2, restarts: 1, neighbors: 2, qTolerance: 0.25 },
    components: true,
    onWholeBytes: true,
  },
];
