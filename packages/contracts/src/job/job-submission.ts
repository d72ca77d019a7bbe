import { type Static, Type } from 'typebox';
import { checker } from '../schema-faults.js';
import { JOB_FIELDS } from './fields.js';

/** A job as people submit it: `POST /v1/jobs`. */
export const JobSubmissionSchema = Type.Object(
  {
    dataset: JOB_FIELDS.dataset,
    metric: JOB_FIELDS.metric,
    epsilon: JOB_FIELDS.epsilon,
    alpha: JOB_FIELDS.alpha,
    method: Type.Optional(JOB_FIELDS.method),
    T: Type.Optional(JOB_FIELDS.T),
    protocol: Type.Optional(JOB_FIELDS.protocol),
    domain: Type.Optional(JOB_FIELDS.domain),
    search: Type.Optional(JOB_FIELDS.search),
    restarts: Type.Optional(JOB_FIELDS.restarts),
    q: Type.Optional(JOB_FIELDS.q),
    neighbors: Type.Optional(JOB_FIELDS.neighbors),
    iterations: Type.Optional(JOB_FIELDS.iterations),
    qTolerance: Type.Optional(JOB_FIELDS.qTolerance),
    slack: Type.Optional(JOB_FIELDS.slack),
    seed: Type.Optional(JOB_FIELDS.seed),
    samples: Type.Optional(JOB_FIELDS.samples),
    confidence: Type.Optional(JOB_FIELDS.confidence),
    gamma: Type.Optional(JOB_FIELDS.gamma),
    engine: Type.Optional(JOB_FIELDS.engine),
    priority: Type.Optional(JOB_FIELDS.priority),
    tags: Type.Optional(JOB_FIELDS.tags),
    timeoutSeconds: Type.Optional(JOB_FIELDS.timeoutSeconds),
    expireSeconds: Type.Optional(JOB_FIELDS.expireSeconds),
  },
  {
    $id: 'JobSubmission',
    title: 'JobSubmission',
    additionalProperties: false,
    examples: [{ dataset: 'mnist', metric: 'linf', epsilon: 0.3, alpha: 0.01, T: 10 }],
  },
);
export type JobSubmission = Static<typeof JobSubmissionSchema>;

/** Shape and bounds of a submission; what needs the data set is checked in packages/plan. */
export const jobSubmissionChecker = checker(JobSubmissionSchema);
