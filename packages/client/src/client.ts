import type {
  Dataset,
  Job,
  JobListItem,
  JobStatus,
  JobSubmission,
  PlanSummary,
  QueueState,
  Result,
  Worker,
} from '@levy/contracts';
import {
  DATASET,
  DATASETS,
  JOB,
  JOBS,
  type Page,
  PLAN,
  QUEUE,
  RESULT,
  type Shape,
  WORKERS,
} from './answers.js';
import { type QueryValue, Transport, type TransportOptions } from './transport.js';
import { type WaitOptions, waitForJob } from './wait-for-job.js';

export type LevyClientOptions = TransportOptions;

/** A job, or something that is to be one: what is wrong with it the service says, every fault at once. */
export type Submission = JobSubmission | Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Makes repeating a submission safe; one is generated where none is given. At most 255 characters. */
  readonly idempotencyKey?: string | undefined;
  /** Seconds (at most 60) that the service may wait for the job to finish before it answers. */
  readonly waitSeconds?: number | undefined;
}

/** Filters of a list of jobs; several values of one filter are alternatives. */
export interface JobFilter extends CallOptions {
  readonly status?: readonly JobStatus[] | undefined;
  readonly dataset?: readonly string[] | undefined;
  readonly metric?: readonly string[] | undefined;
  readonly method?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  /** RFC 3339 */
  readonly createdAfter?: string | undefined;
  /** Jobs a page, 1…200. */
  readonly pageSize?: number | undefined;
}

/**
 * The HTTP API, typed. Every call throws LevyProblem where the service refuses, LevyUnreachable where it does not
 * answer, LevyUnexpectedAnswer where something else answers, and the signal's reason where it is aborted.
 */
export class LevyClient {
  readonly #transport: Transport;

  constructor(options: LevyClientOptions) {
    this.#transport = new Transport(options);
  }

  get baseUrl(): string {
    return this.#transport.baseUrl;
  }

  /** Submits a job; repeated after a lost connection or a 503 with the same Idempotency-Key, so that it exists once. */
  submit(job: Submission, options: SubmitOptions = {}): Promise<Job> {
    const { waitSeconds } = options;
    return this.#transport.sendFor(
      {
        method: 'POST',
        path: '/v1/jobs',
        body: job,
        headers: {
          'idempotency-key': options.idempotencyKey ?? randomKey(),
          ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
        },
        heldSeconds: waitSeconds,
        signal: options.signal,
      },
      JOB,
    );
  }

  /** What a job would do and cost; nothing is submitted. */
  plan(job: Submission, options: CallOptions = {}): Promise<PlanSummary> {
    const query = { dryRun: true };
    return this.#transport.sendFor({ method: 'POST', path: '/v1/jobs', query, body: job, ...options }, PLAN);
  }

  job(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#get(jobPath(id), JOB, options);
  }

  /** Newest first, page by page as they are asked for. */
  jobs(filter: JobFilter = {}): AsyncGenerator<JobListItem, void, undefined> {
    const { signal, pageSize, ...query } = filter;
    return this.#pages('/v1/jobs', { ...query, limit: pageSize }, JOBS, signal);
  }

  /** Asks for the job to be stopped; a final job stays as it is. */
  cancel(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#transport.sendFor({ method: 'POST', path: `${jobPath(id)}/cancel`, ...options }, JOB);
  }

  /** Removes a final job with its result. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.send({ method: 'DELETE', path: jobPath(id), ...options });
  }

  result(id: string, options: CallOptions = {}): Promise<Result> {
    return this.#get(`${jobPath(id)}/result`, RESULT, options);
  }

  /** The bytes of one of the files that a result names. */
  async artifact(id: string, name: string, options: CallOptions = {}): Promise<Uint8Array> {
    const path = `${jobPath(id)}/artifacts/${encodeURIComponent(name)}`;
    return (await this.#transport.send({ method: 'GET', path, ...options })).bytes;
  }

  /** The job once it is final. Aborting the signal ends the waiting, not the job. */
  waitFor(id: string, options: WaitOptions = {}): Promise<Job> {
    return waitForJob(this.#transport, jobPath(id), options);
  }

  datasets(options: CallOptions = {}): AsyncGenerator<Dataset, void, undefined> {
    return this.#pages('/v1/datasets', {}, DATASETS, options.signal);
  }

  dataset(id: string, options: CallOptions = {}): Promise<Dataset> {
    return this.#get(`/v1/datasets/${encodeURIComponent(id)}`, DATASET, options);
  }

  async workers(options: CallOptions = {}): Promise<Worker[]> {
    const workers: Worker[] = [];
    for await (const worker of this.#pages('/v1/workers', {}, WORKERS, options.signal)) workers.push(worker);
    return workers;
  }

  queue(options: CallOptions = {}): Promise<QueueState> {
    return this.#get('/v1/queue', QUEUE, options);
  }

  #get<T>(path: string, shape: Shape<T>, options: CallOptions): Promise<T> {
    return this.#transport.sendFor({ method: 'GET', path, ...options }, shape);
  }

  async *#pages<T>(
    path: string,
    query: Readonly<Record<string, QueryValue>>,
    shape: Shape<Page<T>>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<T, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#transport.sendFor(
        { method: 'GET', path, query: { ...query, cursor }, signal },
        shape,
      );
      yield* page.data;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
