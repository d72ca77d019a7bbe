import { ENGINE_CLASSES, type EngineClass, type Priority } from '@levy/contracts';
import type { Logger } from 'pino';
import type { Connections } from '../connection/connections.js';
import { QueueUnavailableError } from '../connection/queue-unavailable-error.js';
import { decodeSpec } from '../jobs/stored-job.js';
import { AttemptStore } from './attempt-store.js';
import type { TaskQueue } from './task-queue.js';

export interface ReconcilerParts {
  readonly connections: Connections;
  readonly tasks: TaskQueue;
  readonly logger: Logger;
  /** Default 10000, with jitter. */
  readonly intervalMs?: number;
}

const PAGE = 500;
/** How long a running job's worker is given to say itself that the time is over. */
const GRACE_MS = 10_000;

/**
 * Puts queue and records right by each other: jobs that nobody would ever come to are put back (a crash between
 * record and queue, entries lost with a server), attempts whose workers are gone are ended, and so are jobs past
 * their time. Several may run at once.
 */
export class Reconciler implements AsyncDisposable {
  readonly #parts: ReconcilerParts;
  readonly #attempts: AttemptStore;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#attempts = new AttemptStore(parts.connections);
  }

  /** Looks now and then every interval, until closed. */
  start(): void {
    this.#running = this.#turn();
  }

  /** One look at all records that are not final; answers how many were put back or ended. */
  async reconcile(): Promise<{ restored: number; ended: number }> {
    let [restored, ended] = [0, 0];
    for (const engine of ENGINE_CLASSES) {
      for await (const ids of this.#unfinished(engine)) {
        ended += await this.#endOverdue(ids, engine);
        await this.#dropLost(ids, engine);
        restored += await this.#restore(ids, engine);
      }
    }
    return { restored, ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #turn(): Promise<void> {
    const { logger, connections, intervalMs = 10_000 } = this.#parts;
    try {
      if (connections.ready) await this.reconcile();
    } catch (error) {
      const level = error instanceof QueueUnavailableError ? 'debug' : 'error';
      logger[level]({ err: error }, 'the records could not be compared with the queue');
    }
    if (this.#closed) return;
    this.#timer = setTimeout(
      () => {
        this.#running = this.#turn();
      },
      intervalMs * (0.75 + Math.random() / 2),
    );
  }

  async *#unfinished(engine: EngineClass): AsyncGenerator<string[]> {
    const { connections } = this.#parts;
    for (const key of [connections.keys.running(engine), connections.keys.queued(engine)]) {
      let cursor = '0';
      do {
        const [next, found] = await connections.call((redis) => redis.zscan(key, cursor, 'COUNT', PAGE));
        cursor = next;
        const ids = found.filter((_, index) => index % 2 === 0);
        if (ids.length > 0 && !this.#closed) yield ids;
      } while (cursor !== '0' && !this.#closed);
    }
  }

  async #endOverdue(ids: readonly string[], engine: EngineClass): Promise<number> {
    const answers = await Promise.all(ids.map((id) => this.#attempts.endOverdue(id, engine, GRACE_MS)));
    let ended = 0;
    for (const [index, answer] of answers.entries()) {
      const jobId = ids[index];
      if (jobId === undefined || (answer !== 'expired' && answer !== 'timed_out')) continue;
      ended += 1;
      this.#parts.logger.info({ jobId, status: answer }, 'the time of the job is over');
      await this.#parts.tasks.forget(jobId, engine);
    }
    return ended;
  }

  async #dropLost(ids: readonly string[], engine: EngineClass): Promise<void> {
    const { tasks, logger } = this.#parts;
    await Promise.all(
      ids.map(async (jobId) => {
        const status = await this.#attempts.dropLost(jobId, engine, tasks.lockKey(jobId, engine));
        if (status !== 'kept') logger.warn({ jobId, status }, 'the worker of the job is gone');
      }),
    );
  }

  async #restore(ids: readonly string[], engine: EngineClass): Promise<number> {
    const { connections, tasks, logger } = this.#parts;
    let restored = 0;
    for (const jobId of await tasks.missing(ids, engine)) {
      const key = connections.keys.job(jobId);
      const [status, spec] = await connections.call((redis) => redis.hmget(key, 'status', 'spec'));
      if (status !== 'queued' && status !== 'running' && status !== 'canceling') continue;
      await tasks.forget(jobId, engine);
      await tasks.add(jobId, engine, this.#priorityOf(jobId, spec));
      logger.warn({ jobId, status }, 'the job had dropped out of the queue and is back in it');
      restored += 1;
    }
    return restored;
  }

  /** A record that cannot be read goes to a worker all the same, which ends it with the reason. */
  #priorityOf(jobId: string, spec: string | null | undefined): Priority {
    try {
      return decodeSpec(spec ?? undefined, jobId).priority;
    } catch (error) {
      this.#parts.logger.error({ jobId, err: error }, 'the spec of this job cannot be read');
      return 'interactive';
    }
  }
}
