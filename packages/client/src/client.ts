import type {
  Dataset,
  DatasetPart,
  Job,
  JobListItem,
  JobLogLine,
  JobStatus,
  JobSubmission,
  PlanSummary,
  QueueState,
  Result,
  SyntheticDataset,
  Worker,
} from '@levy/contracts';
import {
  DATASET,
  DATASETS,
  JOB,
  JOBS,
  LOG_LINE,
  type Page,
  PLAN,
  QUEUE,
  RESULT,
  type Shape,
  WORKERS,
} from './answers.js';
import { type FollowOptions, followEvents, type ReceivedEvent } from './follow-events.js';
import { formOf, type NewDataset } from './new-dataset.js';
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

export interface CreateOptions extends CallOptions {
  /** Makes repeating the request safe; one is generated where none is given. At most 255 characters. */
  readonly idempotencyKey?: string | undefined;
}

/** Bytes of a data set: those with this digest, or a part by its name. */
export type DatasetBytes = { readonly digest: string } | { readonly part: DatasetPart };

export interface ContentOptions extends CallOptions {
  /** Only the bytes from `start` up to, not including, `end`. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** Uploads, and what is read on their scale, may take so long. */
const LONG_SECONDS = 3600;

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

  /**
   * What happens to a job, from its beginning or after an event already seen, to its end. Each event once and in
   * order, over as many connections as it takes.
   */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<ReceivedEvent, void, undefined> {
    return followEvents(this.#transport, `${jobPath(id)}/events`, options, true);
  }

  /** What happens to all jobs of this key's owner, from now on or after an event already seen; it has no end. */
  allEvents(options: FollowOptions = {}): AsyncGenerator<ReceivedEvent, void, undefined> {
    return followEvents(this.#transport, '/v1/events', options, false);
  }

  /** What the log of a job says, oldest first. */
  async logs(id: string, options: CallOptions = {}): Promise<JobLogLine[]> {
    const path = `${jobPath(id)}/logs`;
    const answer = await this.#transport.send({ method: 'GET', path, ...options });
    const lines = new TextDecoder().decode(answer.bytes).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => {
        const bytes = new TextEncoder().encode(line);
        return this.#transport.read({ ...answer, bytes }, LOG_LINE);
      });
  }

  datasets(options: CallOptions = {}): AsyncGenerator<Dataset, void, undefined> {
    return this.#pages('/v1/datasets', {}, DATASETS, options.signal);
  }

  dataset(id: string, options: CallOptions = {}): Promise<Dataset> {
    return this.#get(datasetPath(id), DATASET, options);
  }

  /** Uploads a data set. The same content under the same name again answers the one that is there. */
  uploadDataset(dataset: NewDataset, options: CreateOptions = {}): Promise<Dataset> {
    return this.#create('/v1/datasets', { form: formOf(dataset) }, options);
  }

  /** Has a data set drawn from a known distribution. */
  createSyntheticDataset(dataset: SyntheticDataset, options: CreateOptions = {}): Promise<Dataset> {
    return this.#create('/v1/datasets/synthetic', { body: dataset }, options);
  }

  /** Removes a data set; refused while jobs that are not final need it. */
  async deleteDataset(id: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.send({ method: 'DELETE', path: datasetPath(id), ...options });
  }

  /** Bytes of a data set as they are stored, not checked against their digest: a range cannot be. */
  async datasetContent(id: string, bytes: DatasetBytes, options: ContentOptions = {}): Promise<Uint8Array> {
    const { range, signal } = options;
    const answer = await this.#transport.send({
      method: 'GET',
      path: `${datasetPath(id)}/content`,
      query: { ...bytes },
      ...(range === undefined ? {} : { headers: { range: `bytes=${range.start}-${range.end - 1}` } }),
      heldSeconds: LONG_SECONDS,
      signal,
    });
    return answer.bytes;
  }

  async workers(options: CallOptions = {}): Promise<Worker[]> {
    const workers: Worker[] = [];
    for await (const worker of this.#pages('/v1/workers', {}, WORKERS, options.signal)) workers.push(worker);
    return workers;
  }

  queue(options: CallOptions = {}): Promise<QueueState> {
    return this.#get('/v1/queue', QUEUE, options);
  }

  #create(
    path: string,
    content: { readonly body: unknown } | { readonly form: FormData },
    { idempotencyKey, signal }: CreateOptions,
  ): Promise<Dataset> {
    return this.#transport.sendFor(
      {
        method: 'POST',
        path,
        ...content,
        headers: { 'idempotency-key': idempotencyKey ?? randomKey() },
        heldSeconds: LONG_SECONDS,
        signal,
      },
      DATASET,
    );
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

function datasetPath(id: string): string {
  return `/v1/datasets/${encodeURIComponent(id)}`;
}

function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
