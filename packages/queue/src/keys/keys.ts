import { createHash } from 'node:crypto';
import type { EngineClass } from '@levy/contracts';

/** product: an Idempotency-Key is kept "as long as what it made and at least 24 h". */
export const IDEMPOTENCY_MS = 24 * 3600 * 1000;

/**
 * Every key that Lévy uses in Redis. The prefix stands in braces, so that on a cluster all of them share a slot
 * and a script may touch several.
 */
export class Keys {
  readonly #base: string;

  constructor(prefix: string) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(prefix)) {
      throw new RangeError(
        `"${prefix}" is no key prefix: use 1 to 64 letters, digits, ".", "_" and "-" (LEVY_QUEUE_PREFIX)`,
      );
    }
    this.#base = `{${prefix}}`;
  }

  /** What BullMQ puts before its own keys. */
  get bullPrefix(): string {
    return this.#base;
  }

  /** Hash: the record of a job, which is the truth about it. */
  job(id: string): string {
    return `${this.#base}:job:${id}`;
  }

  /** Sorted set, all scores 0: an owner's jobs; ULIDs make its order that of creation. */
  ownerJobs(owner: string): string {
    return `${this.#base}:owner:${owner}:jobs`;
  }

  /** Stream: the events of a job, ids 0-1, 0-2 …; the record's `eventSeq` is the last one's number. */
  jobEvents(id: string): string {
    return `${this.#base}:events:${id}`;
  }

  /** Stream: what a job's log says. */
  jobLogs(id: string): string {
    return `${this.#base}:logs:${id}`;
  }

  /** Stream: the events of an owner's jobs, ids 0-1, 0-2 … */
  ownerEvents(owner: string): string {
    return `${this.#base}:owner:${owner}:events`;
  }

  /** The number of the last one of `ownerEvents`. */
  ownerEventSeq(owner: string): string {
    return `${this.ownerEvents(owner)}:last`;
  }

  /** Sorted set: queued jobs of an engine class by creation in ms. */
  queued(engine: EngineClass): string {
    return `${this.#base}:queued:${engine}`;
  }

  /** Sorted set: running and canceling jobs of an engine class by start of the attempt in ms. */
  running(engine: EngineClass): string {
    return `${this.#base}:running:${engine}`;
  }

  /** Set: jobs of a data set that are not final. */
  datasetJobs(name: string): string {
    return `${this.#base}:dataset:${name}:jobs`;
  }

  /** Digest of a data set that is being removed, or was a moment ago. */
  datasetRemoval(name: string): string {
    return `${this.#base}:dataset:${name}:removal`;
  }

  /** Set: keys of the Idempotency-Keys that made a data set. */
  datasetKeys(name: string): string {
    return `${this.#base}:dataset:${name}:keys`;
  }

  /** Hash {digest, resource}: what a request with this Idempotency-Key made; {token} while it is being made. */
  idempotency(owner: string, route: string, key: string): string {
    const digest = createHash('sha256').update(key).digest('hex');
    return `${this.#base}:idempotency:${owner}:${route}:${digest}`;
  }

  /** Hash: the last heartbeat of each worker, as JSON. */
  get workers(): string {
    return `${this.#base}:workers`;
  }

  /** Sorted set: workers of an engine class by the time in ms at which they count as dead. */
  liveWorkers(engine: EngineClass): string {
    return `${this.#base}:workers:${engine}`;
  }

  /** Channel: "<id> <revision> <status> <owner>" at every change of a record. */
  get changes(): string {
    return `${this.#base}:changes`;
  }

  /** Channel: ids of running jobs that are to be canceled. */
  get cancellations(): string {
    return `${this.#base}:cancellations`;
  }
}
