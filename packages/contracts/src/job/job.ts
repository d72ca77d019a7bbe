import { type Static, Type } from 'typebox';
import { EstimateSchema, SplitMeasureSchema } from '../estimate/estimate.js';
import { JobSpecSchema } from './job-spec.js';

export const JOB_STATUSES = [
  'queued',
  'running',
  'canceling',
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
  'expired',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const FINAL_STATUSES = [
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
  'expired',
] as const satisfies readonly JobStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export function isFinal(status: JobStatus): status is FinalStatus {
  return (FINAL_STATUSES as readonly JobStatus[]).includes(status);
}

export const ERROR_KINDS = ['input', 'memory', 'numeric', 'device', 'infrastructure', 'timeout'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

const timestamp = (description: string) => Type.String({ format: 'date-time', description });

export const JobErrorSchema = Type.Object({
  kind: Type.Enum([...ERROR_KINDS]),
  detail: Type.String(),
  retryable: Type.Boolean(),
});
export type JobError = Static<typeof JobErrorSchema>;

export const JobProgressSchema = Type.Object({
  fraction: Type.Number({ minimum: 0, maximum: 1, description: 'Never falls within an attempt' }),
  phase: Type.String({ description: 'Name of the step that is running' }),
  done: Type.Number({ minimum: 0 }),
  total: Type.Number({ minimum: 0 }),
  unit: Type.String(),
  etaSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  updatedAt: timestamp('When this was written'),
});
export type JobProgress = Static<typeof JobProgressSchema>;

export const AttemptSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  startedAt: timestamp('When a worker took the job'),
  finishedAt: Type.Optional(timestamp('When the attempt ended')),
  outcome: Type.Optional(
    Type.Enum([...FINAL_STATUSES, 'lost', 'released'], {
      description: 'lost: the worker died or lost its claim; released: the worker stopped and gave it back',
    }),
  ),
  error: Type.Optional(JobErrorSchema),
  worker: Type.Optional(Type.String()),
});
export type Attempt = Static<typeof AttemptSchema>;

export const WarningSchema = Type.Object({ code: Type.String(), detail: Type.String() });
export type Warning = Static<typeof WarningSchema>;

const jobFields = {
  id: Type.String({ description: 'job_ and a ULID' }),
  status: Type.Enum([...JOB_STATUSES]),
  spec: JobSpecSchema,
  progress: Type.Optional(JobProgressSchema),
  waitingFor: Type.Optional(Type.String({ description: 'The engine class that no live worker offers' })),
  createdAt: timestamp('When it was accepted'),
  startedAt: Type.Optional(timestamp('When a worker first took it')),
  finishedAt: Type.Optional(timestamp('When it became final')),
  attempts: Type.Array(AttemptSchema),
  error: Type.Optional(JobErrorSchema),
  warnings: Type.Array(WarningSchema),
  sweep: Type.Optional(Type.String()),
  links: Type.Record(Type.String(), Type.String()),
};

export const JobSchema = Type.Object(
  { ...jobFields, estimate: Type.Optional(EstimateSchema) },
  { $id: 'Job', title: 'Job', additionalProperties: false },
);
export type Job = Static<typeof JobSchema>;

/** A job in a list: of the estimate only `best.test`. */
export const JobListItemSchema = Type.Object(
  {
    ...jobFields,
    estimate: Type.Optional(Type.Object({ best: Type.Object({ test: SplitMeasureSchema }) })),
  },
  { $id: 'JobListItem', title: 'JobListItem', additionalProperties: false },
);
export type JobListItem = Static<typeof JobListItemSchema>;
