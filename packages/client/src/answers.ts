import {
  checker,
  type Dataset,
  DatasetSchema,
  type Fault,
  type Job,
  type JobEvent,
  JobEventSchema,
  type JobListItem,
  JobListItemSchema,
  type JobLogLine,
  JobLogLineSchema,
  JobSchema,
  type PlanSummary,
  PlanSummarySchema,
  type Problem,
  ProblemSchema,
  type QueueState,
  QueueStateSchema,
  type Result,
  ResultSchema,
  type Worker,
  WorkerSchema,
} from '@levy/contracts';

type Schema = Parameters<typeof checker>[0];

/** Tells whether an answer is what its route promises, unknown members allowed. */
export interface Shape<T> {
  fits(value: unknown): value is T;
  faults(value: unknown): Fault[];
}

/** One page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor?: string;
}

export const JOB = shape<Job>(JobSchema);
export const JOBS = pageOf<JobListItem>(shape(JobListItemSchema));
export const EVENT = shape<JobEvent>(JobEventSchema);
export const LOG_LINE = shape<JobLogLine>(JobLogLineSchema);
export const PLAN = shape<PlanSummary>(PlanSummarySchema);
export const RESULT = shape<Result>(ResultSchema);
export const DATASET = shape<Dataset>(DatasetSchema);
export const DATASETS = pageOf<Dataset>(shape(DatasetSchema));
export const WORKERS = pageOf<Worker>(shape(WorkerSchema));
export const QUEUE = shape<QueueState>(QueueStateSchema);
export const PROBLEM = shape<Problem>(ProblemSchema);

/** Compiled when first needed: a caller asks for one or two of them. */
function shape<T>(schema: Schema): Shape<T> {
  let compiled: ReturnType<typeof checker> | undefined;
  const tolerant = () => {
    compiled ??= checker(withoutRefusals(schema));
    return compiled;
  };
  return {
    fits: (value): value is T => tolerant().fits(value),
    faults: (value) => tolerant().faults(value),
  };
}

function pageOf<T>(item: Shape<T>): Shape<Page<T>> {
  const members = (value: unknown): { data: unknown; nextCursor?: unknown } | undefined =>
    typeof value === 'object' && value !== null && 'data' in value ? value : undefined;
  return {
    fits(value): value is Page<T> {
      const page = members(value);
      const cursor = page?.nextCursor;
      return (
        page !== undefined &&
        (cursor === undefined || typeof cursor === 'string') &&
        Array.isArray(page.data) &&
        page.data.every((entry) => item.fits(entry))
      );
    },
    faults(value) {
      const page = members(value);
      if (!Array.isArray(page?.data)) {
        return [{ pointer: '#/data', code: 'type', detail: 'a list has a member "data"' }];
      }
      return page.data.flatMap((entry) => item.faults(entry));
    },
  };
}

/** Within /v1 things may be added: a client refuses no member that it does not know. */
function withoutRefusals(schema: Schema): Schema {
  return Object.fromEntries(entriesOf(schema));

  function entriesOf(value: object): [string, unknown][] {
    return Object.entries(value)
      .filter(([name, setting]) => !(name === 'additionalProperties' && setting === false))
      .map(([name, inner]) => [name, open(inner)]);
  }
  function open(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(open);
    return typeof value === 'object' && value !== null ? Object.fromEntries(entriesOf(value)) : value;
  }
}
