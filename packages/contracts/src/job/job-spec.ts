import { type Static, Type } from 'typebox';
import { JOB_FIELDS } from './fields.js';

const common = {
  dataset: JOB_FIELDS.dataset,
  datasetDigest: Type.String({ description: 'Digest of the data set, fixed at submission' }),
  metric: JOB_FIELDS.metric,
  epsilon: Type.Number({ minimum: 0 }),
  epsilonExact: Type.String({ description: 'ε as p/q in lowest terms' }),
  alpha: JOB_FIELDS.alpha,
};

const commonDefaulted = {
  protocol: JOB_FIELDS.protocol,
  slack: JOB_FIELDS.slack,
  seed: JOB_FIELDS.seed,
  samples: Type.Optional(JOB_FIELDS.samples),
  confidence: JOB_FIELDS.confidence,
  engine: JOB_FIELDS.engine,
  priority: JOB_FIELDS.priority,
  tags: Type.Optional(JOB_FIELDS.tags),
  timeoutSeconds: JOB_FIELDS.timeoutSeconds,
  expireSeconds: Type.Optional(JOB_FIELDS.expireSeconds),
};

/** What rectangles alone are given besides T. */
const rectanglesFields = {
  domain: JOB_FIELDS.domain,
  search: JOB_FIELDS.search,
  restarts: JOB_FIELDS.restarts,
  q: Type.Optional(JOB_FIELDS.q),
  neighbors: JOB_FIELDS.neighbors,
  iterations: JOB_FIELDS.iterations,
  qTolerance: JOB_FIELDS.qTolerance,
};

export const RectanglesSpecSchema = Type.Object(
  {
    ...common,
    method: Type.Literal('rectangles'),
    T: JOB_FIELDS.T,
    ...rectanglesFields,
    ...commonDefaulted,
  },
  { additionalProperties: false },
);

export const BallsSpecSchema = Type.Object(
  {
    ...common,
    method: Type.Literal('balls'),
    T: JOB_FIELDS.T,
    gamma: Type.Optional(JOB_FIELDS.gamma),
    ...commonDefaulted,
  },
  { additionalProperties: false },
);

export const HyperplaneSpecSchema = Type.Object(
  { ...common, method: Type.Literal('hyperplane'), ...commonDefaulted },
  { additionalProperties: false },
);

export const HalfspaceSpecSchema = Type.Object(
  { ...common, method: Type.Literal('halfspace'), ...commonDefaulted },
  { additionalProperties: false },
);

export const AxisSpecSchema = Type.Object(
  { ...common, method: Type.Literal('axis'), ...commonDefaulted },
  { additionalProperties: false },
);

/** Every method that fits linf, rectangles among them. */
export const AllLinfSpecSchema = Type.Object(
  {
    ...common,
    metric: Type.Literal('linf'),
    method: Type.Literal('all'),
    T: JOB_FIELDS.T,
    ...rectanglesFields,
    ...commonDefaulted,
  },
  { additionalProperties: false },
);

/** Every method that fits l2; rectangles do not. */
export const AllL2SpecSchema = Type.Object(
  {
    ...common,
    metric: Type.Literal('l2'),
    method: Type.Literal('all'),
    T: JOB_FIELDS.T,
    ...commonDefaulted,
  },
  { additionalProperties: false },
);

/** A job's spec with its defaults filled in and the data set's digest fixed. */
export const JobSpecSchema = Type.Union(
  [
    RectanglesSpecSchema,
    BallsSpecSchema,
    HalfspaceSpecSchema,
    HyperplaneSpecSchema,
    AxisSpecSchema,
    AllLinfSpecSchema,
    AllL2SpecSchema,
  ],
  { $id: 'JobSpec', title: 'JobSpec' },
);
export type RectanglesSpec = Static<typeof RectanglesSpecSchema>;
export type BallsSpec = Static<typeof BallsSpecSchema>;
export type HalfspaceSpec = Static<typeof HalfspaceSpecSchema>;
export type HyperplaneSpec = Static<typeof HyperplaneSpecSchema>;
export type AxisSpec = Static<typeof AxisSpecSchema>;
export type AllSpec = Static<typeof AllLinfSpecSchema> | Static<typeof AllL2SpecSchema>;
export type JobSpec = Static<typeof JobSpecSchema>;
