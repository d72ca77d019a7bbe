import { createHash } from 'node:crypto';
import type { EngineClass, JobSpec } from '@levy/contracts';
import { isFinal } from '@levy/contracts';
import { decodeTime, monotonicFactory } from 'ulid';
import type { Connections } from '../connection/connections.js';
import { stringsOf } from '../connection/script.js';
import type { ChangeFeed } from '../events/change-feed.js';
import { IDEMPOTENCY_MS } from '../keys/keys.js';
import type { TaskQueue } from '../tasks/task-queue.js';
import { type JobFilters, oldestId, wantedFields } from './job-filters.js';
import { cancelJob } from './scripts/cancel-job.js';
import { createJob } from './scripts/create-job.js';
import { deleteJob } from './scripts/delete-job.js';
import { listJobs } from './scripts/list-jobs.js';
import { decodeJob, type StoredJob } from './stored-job.js';

/** A request's Idempotency-Key and what it asked for. */
export interface Idempotency {
  readonly key: string;
  /** Digest of the canonical body. */
  readonly bodyDigest: string;
}

export interface Submission {
  readonly spec: JobSpec;
  /** Which workers it goes to, now and after every retry: chosen once, by whoever submits it. */
  readonly engine: EngineClass;
  /** Letters, digits, "_" and "-". */
  readonly owner: string;
  readonly sweep?: string;
  readonly idempotency?: Idempotency;
}

export type Submitted =
  | { readonly outcome: 'accepted'; readonly job: StoredJob; readonly replayed: boolean }
  /** The key was used with another body. */
  | { readonly outcome: 'mismatch'; readonly jobId: string }
  /** The key's job was deleted since. */
  | { readonly outcome: 'deleted'; readonly jobId: string }
  /** The data set of the job was removed a moment ago, or is just being removed. */
  | { readonly outcome: 'dataset-removed' };

export type Canceled =
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'final' | 'canceled' | 'canceling'; readonly job: StoredJob };

export interface ListRequest {
  readonly owner: string;
  readonly filters?: JobFilters;
  /** At most this many jobs. */
  readonly limit: number;
  /** Begin after this job: the last one of the page before. */
  readonly after?: string;
}

export interface JobPage {
  readonly jobs: StoredJob[];
  /** Where the next page begins; absent at the end. */
  readonly next?: string;
}

export interface WaitRequest {
  /** Answer at the first change from this revision. Without it: when the job is final. */
  readonly revision?: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const ROUTE = 'jobs';
/** Records that one script looks at; a millisecond or two of the server's time. */
const SCAN_BUDGET = 1000;

/**
 * The records of jobs. A record is the truth; what BullMQ holds only says that somebody should look at it.
 * Every method rejects with QueueUnavailableError where Redis cannot answer.
 */
export class JobStore {
  readonly #connections: Connections;
  readonly #tasks: TaskQueue;
  readonly #changes: ChangeFeed;
  readonly #nextUlid = monotonicFactory();

  constructor(parts: { connections: Connections; tasks: TaskQueue; changes: ChangeFeed }) {
    this.#connections = parts.connections;
    this.#tasks = parts.tasks;
    this.#changes = parts.changes;
  }

  /** Accepts a job: once this resolves, it will be run. */
  async submit(submission: Submission): Promise<Submitted> {
    const { keys } = this.#connections;
    const { spec, engine, owner, idempotency } = submission;
    const ulid = this.#nextUlid();
    const id = `job_${ulid}`;
    const createdAt = decodeTime(ulid);
    const [outcome, jobId = id] = stringsOf(
      await this.#connections.script(
        createJob,
        [
          keys.job(id),
          keys.ownerJobs(owner),
          keys.queued(engine),
          keys.datasetJobs(spec.dataset),
          keys.datasetRemoval(spec.dataset),
          ...(idempotency === undefined ? [] : [keys.idempotency(owner, ROUTE, idempotency.key)]),
        ],
        [
          id,
          createdAt,
          keys.changes,
          idempotency?.bodyDigest ?? '',
          spec.datasetDigest,
          ...recordFields(submission, createdAt),
          ...['events', keys.jobEvents(id), 'logs', keys.jobLogs(id), 'ownerEvents', keys.ownerEvents(owner)],
        ],
      ),
    );
    if (outcome === 'mismatch') return { outcome, jobId };
    if (outcome === 'dataset-removed') return { outcome };
    if (outcome === 'created') await this.#enqueue(id, submission);
    const job = await this.get(jobId, owner);
    if (job === undefined) return { outcome: 'deleted', jobId };
    return { outcome: 'accepted', job, replayed: outcome === 'replayed' };
  }

  /** What an earlier request with this key came to; undefined if there was none. */
  async findReplay(owner: string, idempotency: Idempotency): Promise<Submitted | undefined> {
    const key = this.#connections.keys.idempotency(owner, ROUTE, idempotency.key);
    const [digest, jobId] = await this.#connections.call((redis) => redis.hmget(key, 'digest', 'resource'));
    if (!digest || !jobId) return undefined;
    if (digest !== idempotency.bodyDigest) return { outcome: 'mismatch', jobId };
    const job = await this.get(jobId, owner);
    return job === undefined ? { outcome: 'deleted', jobId } : { outcome: 'accepted', job, replayed: true };
  }

  /** @param owner whose job it must be; others' are as if they were not there. */
  async get(id: string, owner?: string): Promise<StoredJob | undefined> {
    const key = this.#connections.keys.job(id);
    const job = decodeJob(await this.#connections.call((redis) => redis.hgetall(key)));
    return owner === undefined || job?.owner === owner ? job : undefined;
  }

  /** Newest first. */
  async list(request: ListRequest): Promise<JobPage> {
    const { ids, next } = await this.#pick(request);
    const found = await Promise.all(ids.map((id) => this.get(id, request.owner)));
    const jobs = found.filter((job) => job !== undefined);
    return { jobs, ...(next === undefined ? {} : { next }) };
  }

  /** A queued job is canceled at once; a running one hears of it and its worker stops. */
  async cancel(id: string, owner?: string): Promise<Canceled> {
    const before = await this.get(id, owner);
    if (before === undefined) return { outcome: 'missing' };
    const { keys } = this.#connections;
    const outcome = await this.#connections.script(
      cancelJob,
      [keys.job(id), keys.queued(before.engine), keys.running(before.engine)],
      [keys.changes, keys.cancellations],
    );
    if (outcome === 'canceled') await this.#tasks.forget(id, before.engine);
    const job = await this.get(id, owner);
    if (job === undefined) return { outcome: 'missing' };
    return { outcome: outcome === 'canceled' || outcome === 'canceling' ? outcome : 'final', job };
  }

  /** Forgets a final job. */
  async delete(id: string, owner?: string): Promise<'missing' | 'not-final' | 'deleted'> {
    const job = await this.get(id, owner);
    if (job === undefined) return 'missing';
    const { keys } = this.#connections;
    const idempotency = await this.#connections.call((redis) => redis.hget(keys.job(id), 'idempotency'));
    const outcome = await this.#connections.script(
      deleteJob,
      [keys.job(id), keys.ownerJobs(job.owner), ...(idempotency === null ? [] : [idempotency])],
      [id, IDEMPOTENCY_MS, keys.changes],
    );
    return outcome === 'deleted' || outcome === 'not-final' ? outcome : 'missing';
  }

  /**
   * The job at its first change from a revision, or once it is final, or as it is when the time is over.
   * undefined if it is not there (any more). Rejects when the signal aborts.
   */
  async waitForChange(id: string, request: WaitRequest): Promise<StoredJob | undefined> {
    const deadline = Date.now() + request.timeoutMs;
    const done = (job: StoredJob | undefined) =>
      job === undefined ||
      isFinal(job.status) ||
      (request.revision !== undefined && job.revision !== request.revision);
    await using watch = await this.#changes.watch({ job: id });
    for (;;) {
      const job = await this.get(id);
      const left = deadline - Date.now();
      if (left <= 0 || done(job)) return job;
      await watch.next({ timeoutMs: left, final: request.revision === undefined, signal: request.signal });
    }
  }

  /** The record stands; should this fail, the reconciler does it within seconds. */
  async #enqueue(id: string, { engine, spec }: Submission): Promise<void> {
    try {
      await this.#tasks.add(id, engine, spec.priority);
    } catch (error) {
      this.#connections.logger.warn({ jobId: id, err: error }, 'accepted, but not yet handed to the queue');
    }
  }

  async #pick(request: ListRequest): Promise<{ ids: string[]; next?: string }> {
    const { keys } = this.#connections;
    const filters = request.filters ?? {};
    const wanted = JSON.stringify(wantedFields(filters));
    const stop = oldestId(filters);
    const ids: string[] = [];
    let from = request.after === undefined ? '+' : `(${request.after}`;
    // One more than asked for tells whether there is a next page.
    while (ids.length <= request.limit) {
      const [last = '', ...picked] = stringsOf(
        await this.#connections.script(
          listJobs,
          [keys.ownerJobs(request.owner)],
          [keys.job(''), from, stop, request.limit + 1 - ids.length, SCAN_BUDGET, wanted],
        ),
      );
      ids.push(...picked);
      if (last === '') break;
      from = `(${last}`;
    }
    const page = ids.slice(0, request.limit);
    const next = ids.length > request.limit ? page.at(-1) : undefined;
    return { ids: page, ...(next === undefined ? {} : { next }) };
  }
}

function recordFields(submission: Submission, createdAt: number): (string | number)[] {
  const { spec, engine, owner, sweep } = submission;
  const fields: (string | number)[] = [
    ...[
      'owner',
      owner,
      'engine',
      engine,
      'spec',
      JSON.stringify(spec),
      'timeoutMs',
      spec.timeoutSeconds * 1000,
    ],
    ...['dataset', spec.dataset, 'metric', spec.metric, 'method', spec.method],
  ];
  if (sweep !== undefined) fields.push('sweep', sweep);
  if (spec.tags !== undefined) fields.push('tags', spec.tags.join('\n'));
  if (spec.expireSeconds !== undefined) fields.push('expiresAt', createdAt + spec.expireSeconds * 1000);
  return fields;
}

/** The digest under which a body is compared with the first one of its Idempotency-Key. */
export function bodyDigest(canonicalBody: string): string {
  return createHash('sha256').update(canonicalBody).digest('hex');
}
