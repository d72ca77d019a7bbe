import { type Static, Type } from 'typebox';
import { ENGINE_CLASSES } from './cluster/cluster.js';
import { JobSpecSchema } from './job/job-spec.js';

/** `POST /v1/jobs?dryRun=true`: what a job would do and what it would cost. */
export const PlanSummarySchema = Type.Object(
  {
    spec: JobSpecSchema,
    engine: Type.Enum([...ENGINE_CLASSES], { description: 'What would compute it, as things stand' }),
    steps: Type.Array(
      Type.Object({
        name: Type.String(),
        key: Type.String({ description: 'Content key of the step: equal keys are computed once' }),
        needs: Type.Array(Type.String(), { description: 'Keys of the steps whose artifacts it reads' }),
        estimatedSeconds: Type.Number({ minimum: 0 }),
        estimatedBytes: Type.Number({ minimum: 0 }),
      }),
    ),
    estimatedSeconds: Type.Number({ minimum: 0 }),
    estimatedBytes: Type.Number({
      minimum: 0,
      description: 'Most bytes of memory that a worker needs for it',
    }),
  },
  { $id: 'Plan', title: 'Plan', additionalProperties: false },
);
export type PlanSummary = Static<typeof PlanSummarySchema>;
