import { type Static, Type } from 'typebox';
import { JOB_STATUSES, JobErrorSchema, JobProgressSchema } from '../job/job.js';

/** A line of a job's log. */
export const JobLogLineSchema = Type.Object(
  {
    level: Type.String({ description: 'info or warn' }),
    message: Type.String(),
    time: Type.String({ format: 'date-time' }),
  },
  { $id: 'JobLogLine', title: 'JobLogLine' },
);
export type JobLogLine = Static<typeof JobLogLineSchema>;

/** What changes in a job while people watch it. `gap` stands for events that are no longer kept. */
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
    Type.Object(
      { type: Type.Literal('gap'), job: Type.Optional(Type.String()), detail: Type.String() },
      { description: 'Events were missed that are no longer kept: read the job, or the list of jobs, anew' },
    ),
  ],
  { $id: 'JobEvent', title: 'JobEvent' },
);
export type JobEvent = Static<typeof JobEventSchema>;
