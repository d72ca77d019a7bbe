import { type Static, Type } from 'typebox';
import { AdapterSchema } from '../cluster/cluster.js';
import { DOMAINS, METHODS, METRICS, PROTOCOLS } from '../job/fields.js';

const fraction = (description?: string) =>
  Type.Number({ minimum: 0, maximum: 1, ...(description === undefined ? {} : { description }) });
const interval = Type.Array(fraction(), {
  minItems: 2,
  maxItems: 2,
  description: 'Clopper–Pearson, [low, high]',
});

/** Counts over one split, as fractions of its n rows. */
export const SplitMeasureSchema = Type.Object({
  n: Type.Integer({ minimum: 0 }),
  risk: fraction('μ̂(E)'),
  riskInterval: Type.Optional(interval),
  advRisk: fraction('μ̂(E_ε)'),
  advRiskInterval: Type.Optional(interval),
  labelUncertainty: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 2,
      description:
        'Mean label uncertainty of the rows in E, where the split has soft labels and E some of its rows',
    }),
  ),
});
export type SplitMeasure = Static<typeof SplitMeasureSchema>;

const MeanStdSchema = Type.Object({
  mean: Type.Number(),
  std: Type.Number({ description: 'population standard deviation' }),
});
const RestartSplitSchema = Type.Object({ risk: MeanStdSchema, advRisk: MeanStdSchema });

export const ScanSchema = Type.Object({
  coordinate: Type.Integer({ minimum: 0 }),
  side: Type.Enum(['>=', '<=']),
  threshold: Type.Number({ description: 'E = {x : x_coordinate side threshold}, in units of the values' }),
  train: SplitMeasureSchema,
  test: SplitMeasureSchema,
});
export type Scan = Static<typeof ScanSchema>;

/** What a device did. Of an engine: since it was made; of a job: during it, the tiles apart. */
export const DeviceWorkSchema = Type.Object({
  seconds: Type.Object(
    { kernels: Type.Number(), transfer: Type.Number(), selection: Type.Number() },
    { description: 'By what the device was busy with' },
  ),
  tileRows: Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
    description: 'Rows of the largest tile of each kind of pass, since the worker started',
  }),
  restarts: Type.Integer({ minimum: 0, description: 'How often the device process was started anew' }),
});
export type DeviceWork = Static<typeof DeviceWorkSchema>;

export const ProvenanceSchema = Type.Object({
  version: Type.String(),
  methodVersion: Type.Integer(),
  datasetDigest: Type.String(),
  reused: Type.Array(Type.Object({ step: Type.String(), artifacts: Type.Integer({ minimum: 1 }) }), {
    description: 'Steps whose artifacts were already there',
  }),
  workers: Type.Array(
    Type.Object({
      host: Type.String(),
      engine: Type.String(),
      device: Type.String(),
      threads: Type.Integer(),
      adapter: Type.Optional(AdapterSchema),
      work: Type.Optional(DeviceWorkSchema),
    }),
  ),
});
export type Provenance = Static<typeof ProvenanceSchema>;

export const CandidateEstimateSchema = Type.Object({
  method: Type.Enum([...METHODS]),
  T: Type.Optional(Type.Integer()),
  feasible: Type.Boolean({
    description:
      'risk ≥ α(1 + slack) on the fitted rows, and on the choosing split risk ≥ α less one standard error',
  }),
  train: SplitMeasureSchema,
  validation: Type.Optional(SplitMeasureSchema),
  test: SplitMeasureSchema,
});
export type CandidateEstimate = Static<typeof CandidateEstimateSchema>;

const estimateFields = {
  metric: Type.Enum([...METRICS]),
  epsilon: Type.Number(),
  epsilonExact: Type.String(),
  alpha: Type.Number(),
  T: Type.Optional(Type.Integer()),
  gamma: Type.Optional(
    Type.Number({ description: 'The least mean label uncertainty of what every ball newly covers' }),
  ),
  method: Type.String({ description: 'Of a job with method all, the winner' }),
  protocol: Type.Enum([...PROTOCOLS]),
  domain: Type.Enum([...DOMAINS]),
  best: Type.Object({
    seed: Type.Optional(Type.Integer()),
    q: Type.Optional(Type.Number()),
    rectangles: Type.Optional(
      Type.Integer({ minimum: 1, description: 'How many rectangles it has, where the face search found it' }),
    ),
    faces: Type.Optional(Type.Integer({ minimum: 1, description: 'How many faces they have in all' })),
    component: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'halfspace: the principal component that it lies across, 1 the leading one',
      }),
    ),
    exponent: Type.Optional(
      Type.Number({
        description: 'halfspace, linf: the power to which the entries of that component were taken',
      }),
    ),
    train: SplitMeasureSchema,
    validation: Type.Optional(SplitMeasureSchema),
    test: SplitMeasureSchema,
  }),
  restarts: Type.Optional(
    Type.Object({
      count: Type.Integer(),
      train: RestartSplitSchema,
      validation: Type.Optional(RestartSplitSchema),
      test: RestartSplitSchema,
    }),
  ),
  intrinsicRobustness: Type.Object({
    estimate: fraction('1 − best.test.advRisk'),
    atLeast: Type.Optional(fraction('1 − bound.advRisk')),
  }),
  bound: Type.Optional(
    Type.Object(
      { alpha: fraction(), advRisk: fraction(), confidence: fraction() },
      {
        description:
          'With this confidence h(μ, alpha, ε) ≤ advRisk. Only where test took no part in a choice',
      },
    ),
  ),
  scan: ScanSchema,
  exact: Type.Optional(
    Type.Object({ concentration: fraction('h(μ, α, ε), where the distribution is known') }),
  ),
  convergence: Type.Optional(
    Type.Object({ samples: Type.Integer(), atLeastT2: Type.Boolean(), atLeastT4: Type.Boolean() }),
  ),
  candidates: Type.Optional(
    Type.Array(CandidateEstimateSchema, {
      description:
        "Method all: the region of every method, the winner (estimate.method) among them. The winner is the feasible one with the lowest advRisk on the choosing split. Under holdout test took no part in that choice, so the winner's intervals and bound hold, and each other candidate's intervals hold for that candidate alone, not for all of them at once. Under paper test chose: no candidate has intervals, and there is no bound",
    }),
  ),
  provenance: ProvenanceSchema,
  timings: Type.Record(Type.String(), Type.Number({ description: 'seconds' })),
};

/** A job's result. An upper bound on the concentration function, never a lower bound on adversarial risk. */
export const EstimateSchema = Type.Object(estimateFields, {
  $id: 'Estimate',
  title: 'Estimate',
  additionalProperties: false,
});
export type Estimate = Static<typeof EstimateSchema>;

export const SearchTraceEntrySchema = Type.Object({
  seed: Type.Integer(),
  q: Type.Number(),
  T: Type.Integer(),
  train: SplitMeasureSchema,
  validation: Type.Optional(SplitMeasureSchema),
  test: Type.Optional(SplitMeasureSchema),
});
export type SearchTraceEntry = Static<typeof SearchTraceEntrySchema>;

export const CurvePointSchema = Type.Object({
  epsilon: Type.Number(),
  risk: fraction(),
  advRisk: fraction(),
});
export type CurvePoint = Static<typeof CurvePointSchema>;

export const ResultArtifactSchema = Type.Object({
  name: Type.String(),
  mediaType: Type.String(),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String(),
  href: Type.Optional(Type.String()),
});
export type ResultArtifact = Static<typeof ResultArtifactSchema>;

/** `GET /v1/jobs/{id}/result` and `levy measure --json`: the whole estimate. */
export const ResultSchema = Type.Object(
  {
    ...estimateFields,
    warnings: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
    searchTrace: Type.Optional(Type.Array(SearchTraceEntrySchema)),
    epsilonCurve: Type.Array(CurvePointSchema),
    artifacts: Type.Array(ResultArtifactSchema),
  },
  { $id: 'Result', title: 'Result', additionalProperties: false },
);
export type Result = Static<typeof ResultSchema>;
