import { type Static, Type } from 'typebox';
import { JOB_STATUSES, JobErrorSchema, JobProgressSchema } from '../job/job.js';

/** What changes in a job while people watch it. */
export const JobEventSchema = Type.Union(
  [
    Type.Object({
      type: Type.Literal('status'),
      job: Type.String(),
      revision: Type.Integer(),
      status: Type.Enum([...JOB_STATUSES]),
      error: Type.Optional(JobErrorSchema),
    }),
    Type.Object({
      type: Type.Literal('progress'),
      job: Type.String(),
      revision: Type.Integer(),
      progress: JobProgressSchema,
    }),
    Type.Object({
      type: Type.Literal('log'),
      job: Type.String(),
      level: Type.String(),
      message: Type.String(),
      time: Type.String({ format: 'date-time' }),
    }),
    Type.Object({ type: Type.Literal('gap'), job: Type.String(), detail: Type.String() }),
  ],
  { $id: 'JobEvent', title: 'JobEvent' },
);
export type JobEvent = Static<typeof JobEventSchema>;
