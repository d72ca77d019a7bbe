import {
  type Attempt,
  AttemptSchema,
  checker,
  ENGINE_CLASSES,
  type EngineClass,
  type Estimate,
  EstimateSchema,
  JOB_STATUSES,
  type JobError,
  JobErrorSchema,
  type JobProgress,
  JobProgressSchema,
  type JobSpec,
  JobSpecSchema,
  type JobStatus,
  type ResultArtifact,
  ResultArtifactSchema,
  type Warning,
  WarningSchema,
} from '@levy/contracts';

/** A job's record as read from Redis: the contract's job, without the links that only the API knows, and more. */
export interface StoredJob {
  readonly id: string;
  readonly owner: string;
  /** Rises at every change. */
  readonly revision: number;
  readonly status: JobStatus;
  /** Which workers it goes to. */
  readonly engine: EngineClass;
  readonly spec: JobSpec;
  readonly progress?: JobProgress;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly attempts: Attempt[];
  readonly error?: JobError;
  readonly warnings: Warning[];
  readonly sweep?: string;
  readonly estimate?: Estimate;
  /** The whole result as JSON in the blob store. */
  readonly result?: ResultArtifact;
  /** The files of the result in the blob store. */
  readonly artifacts: ResultArtifact[];
}

const specs = checker(JobSpecSchema);
const progresses = checker(JobProgressSchema);
const errors = checker(JobErrorSchema);
const estimates = checker(EstimateSchema);
const artifacts = checker(ResultArtifactSchema);
const attempts = checker(AttemptSchema);
const warnings = checker(WarningSchema);

type Fields = Readonly<Record<string, string>>;

/** The job in a record's fields; undefined if there is no record. Throws if it is not one that Lévy wrote. */
export function decodeJob(fields: Fields): StoredJob | undefined {
  const { id, owner } = fields;
  if (id === undefined || owner === undefined) return undefined;
  return {
    id,
    owner,
    revision: Number(fields['revision']),
    status: oneOf(JOB_STATUSES, fields['status'], id),
    engine: oneOf(ENGINE_CLASSES, fields['engine'], id),
    spec: decodeSpec(fields['spec'], id),
    createdAt: timeOf(fields['createdAt']) ?? '',
    attempts: decodeAttempts(fields, id),
    warnings: decodeList(fields['warnings'], warnings, id),
    artifacts: decodeList(fields['artifacts'], artifacts, id),
    ...given('startedAt', timeOf(fields['startedAt'])),
    ...given('finishedAt', timeOf(fields['finishedAt'])),
    ...given('sweep', fields['sweep']),
    ...given('progress', decode(fields['progress'], progresses, id)),
    ...given('error', decode(fields['error'], errors, id)),
    ...given('estimate', decode(fields['estimate'], estimates, id)),
    ...given('result', decode(fields['result'], artifacts, id)),
  };
}

/** Throws if the text is no job spec. */
export function decodeSpec(text: string | undefined, id: string): JobSpec {
  const spec = decode(text, specs, id);
  if (spec === undefined) throw new TypeError(`the record of ${id} has no spec`);
  return spec;
}

function decodeAttempts(fields: Fields, id: string): Attempt[] {
  return Array.from({ length: Number(fields['attempts'] ?? 0) }, (_, index) => {
    const at = (field: string) => fields[`attempt:${index + 1}:${field}`];
    const attempt = {
      number: index + 1,
      startedAt: timeOf(at('startedAt')),
      ...given('finishedAt', timeOf(at('finishedAt'))),
      ...given('outcome', at('outcome')),
      ...given('error', decode(at('error'), errors, id)),
      ...given('worker', at('worker')),
    };
    return fitting(attempt, attempts, id);
  });
}

interface Fits<T> {
  fits(value: unknown): value is T;
}

function decode<T>(text: string | undefined, schema: Fits<T>, id: string): T | undefined {
  return text === undefined ? undefined : fitting(JSON.parse(text), schema, id);
}

function decodeList<T>(text: string | undefined, schema: Fits<T>, id: string): T[] {
  if (text === undefined) return [];
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new TypeError(`the record of ${id} holds no list where it should: ${text}`);
  return list.map((item: unknown) => fitting(item, schema, id));
}

function fitting<T>(value: unknown, schema: Fits<T>, id: string): T {
  if (schema.fits(value)) return value;
  throw new TypeError(`the record of ${id} holds what Lévy did not write: ${JSON.stringify(value)}`);
}

function oneOf<T extends string>(values: readonly T[], text: string | undefined, id: string): T {
  const found = values.find((value) => value === text);
  if (found === undefined)
    throw new TypeError(`the record of ${id} holds "${text}", none of ${values.join(', ')}`);
  return found;
}

/** RFC 3339, UTC, milliseconds. */
function timeOf(milliseconds: string | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(Number(milliseconds)).toISOString();
}

/** A member that is absent rather than undefined. */
function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const object: { [P in K]?: V } = {};
  if (value !== undefined) object[key] = value;
  return object;
}
