import { Type } from 'typebox';
import { DatasetNameSchema } from '../dataset/dataset.js';

/** The words that jobs are made of. */
export const METRICS = ['linf', 'l2'] as const;
export type Metric = (typeof METRICS)[number];

export const METHODS = ['rectangles', 'balls', 'halfspace', 'hyperplane', 'axis', 'all'] as const;
export type Method = (typeof METHODS)[number];

export const PROTOCOLS = ['holdout', 'paper'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const DOMAINS = ['box', 'unbounded'] as const;
export type Domain = (typeof DOMAINS)[number];

export const SEARCHES = ['best', 'paper'] as const;
export type Search = (typeof SEARCHES)[number];

export const ENGINE_REQUESTS = ['auto', 'gpu', 'wasm'] as const;
export type EngineRequest = (typeof ENGINE_REQUESTS)[number];

export const PRIORITIES = ['interactive', 'batch'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const MAX_T = 4096;

const positiveInteger = (maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, description });

const TSchema = Type.Integer({ minimum: 1, maximum: MAX_T });

/**
 * The fields of a job, in the order in which sweeps vary them. Which method uses which field, and
 * what is required, is decided in packages/plan; these are shapes and bounds.
 */
export const JOB_FIELDS = {
  dataset: DatasetNameSchema,
  metric: Type.Enum([...METRICS], { description: 'The distance of the adversary' }),
  epsilon: Type.Union(
    [
      Type.Number({ minimum: 0 }),
      Type.String({
        pattern: '^\\d{1,18}/0*[1-9]\\d{0,17}$',
        title: 'a number, or a fraction p/q such as 8/255',
      }),
    ],
    {
      description:
        'Strength of the adversary, in units of the data set\'s values: a number (it means its shortest decimal, kept exact: 0.3 is 3/10) or a fraction such as "8/255"',
    },
  ),
  alpha: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    description: 'The least risk of the region; no significance level',
  }),
  method: Type.Enum([...METHODS], {
    description:
      'linf: rectangles (default), balls, halfspace, axis; l2: balls (default), halfspace, hyperplane, axis; all: every one that fits, chosen on the choosing split',
  }),
  T: Type.Union([TSchema, Type.Array(TSchema, { minItems: 1, maxItems: 64, uniqueItems: true })], {
    description:
      'Number of rectangles or balls, or a list from which the job chooses; required for these methods and for all, refused for the rest',
  }),
  protocol: Type.Enum([...PROTOCOLS], {
    default: 'holdout',
    description:
      'holdout: 20 % of the training rows choose q, T, restart and method, test takes no part; paper: test chooses, as in the paper',
  }),
  domain: Type.Enum([...DOMAINS], {
    description:
      'rectangles, and all under linf, as every field for rectangles: box keeps the adversary inside the declared value range; default box where a range is declared and the protocol is holdout, else unbounded',
  }),
  search: Type.Enum([...SEARCHES], {
    description:
      'rectangles: paper: the bisection of Algorithm 1; best (default under holdout): that, and a search over the faces of few rectangles besides, whichever does better on the choosing split',
  }),
  restarts: positiveInteger(
    1000,
    'rectangles: runs with seeds seed … seed+restarts−1 (modulo 2³²) at the q found (default 10)',
  ),
  q: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    description: 'rectangles: the fraction of densest points to cover; given, it is not searched',
  }),
  neighbors: positiveInteger(
    10_000,
    'rectangles: k of the density, the point itself counted as the first (default 50)',
  ),
  iterations: positiveInteger(10_000, 'rectangles: most iterations of k-means (default 30)'),
  qTolerance: Type.Number({
    minimum: 1e-6,
    maximum: 0.5,
    description: 'rectangles: width of the last bisection interval (default 0.005)',
  }),
  slack: Type.Number({
    minimum: 0,
    maximum: 100,
    default: 0,
    description: 'The region must have risk ≥ α(1 + slack)',
  }),
  seed: Type.Integer({ minimum: 0, maximum: 4294967295, default: 0 }),
  samples: positiveInteger(2 ** 31 - 1, 'Measure on the first N fitting rows after a shuffle by seed'),
  confidence: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.95,
    description: 'Level of the intervals',
  }),
  gamma: Type.Number({
    minimum: 0,
    maximum: 2,
    description:
      'balls on a data set with soft labels: the least mean label uncertainty of the rows that a ball newly covers (unset: none is asked for)',
  }),
  engine: Type.Enum([...ENGINE_REQUESTS], { default: 'auto', description: 'What computes the kernels' }),
  priority: Type.Enum([...PRIORITIES], { default: 'interactive' }),
  tags: Type.Array(
    Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[\\w.:=/+-]+$',
      title: 'letters, digits and _ . : = / + - only',
    }),
    {
      maxItems: 16,
      uniqueItems: true,
    },
  ),
  timeoutSeconds: positiveInteger(2_592_000, 'From start (default 86400)'),
  expireSeconds: positiveInteger(2_592_000, 'From submission; unset: a job waits as long as it must'),
} as const;
