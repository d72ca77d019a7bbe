import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineClass } from '@levy/contracts';
import { type Job as BullJob, DelayedError, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { Connections } from '../connection/connections.js';
import { AttemptStore, MAX_FAILURES } from './attempt-store.js';
import { type Ending, RunningTask, type TaskHandler } from './running-task.js';
import { queueName, type TaskPayload } from './task-queue.js';

export interface ConsumeOptions {
  readonly engineClass: EngineClass;
  /** Tasks at a time; default 1. */
  readonly concurrency?: number;
  /** A worker that has not renewed its lock for so long counts as dead, ms; default 15000. */
  readonly lockDuration?: number;
  /** How often the dead are looked for, ms; default 5000. */
  readonly stalledInterval?: number;
  /** First pause before a fault is tried again, ms; default 2000. */
  readonly retryDelayMs?: number;
  /** Attempts that may be lost or fail before the job does; default 5. */
  readonly maxFailures?: number;
  readonly handle: TaskHandler;
}

export interface CloseOptions {
  /** How long running tasks may go on, ms; default 0. */
  readonly drainMs?: number;
  /** How long an aborted handler may take before its claim is given back without it, ms; default 2000. */
  readonly abortMs?: number;
}

export interface TaskConsumerParts {
  /** Of role 'worker'. */
  readonly connections: Connections;
  /** Named in the attempts. */
  readonly workerId: string;
  readonly logger: Logger;
}

/** A task is one job that a worker has under way. */
interface Held {
  readonly entry: BullJob<TaskPayload>;
  readonly lock: string;
  readonly task: RunningTask;
  released: boolean;
}

/** A stalled job goes back to the queue this often before BullMQ gives it up; the record's own bound comes first. */
const MAX_STALLED = 1000;
/** How long a stopping worker waits for Redis. */
const REDIS_MS = 1000;

/** Takes tasks from the queues of one or more engine classes until it is closed. */
export class TaskConsumer implements AsyncDisposable {
  readonly #parts: TaskConsumerParts;
  readonly #workers: Worker<TaskPayload>[] = [];
  readonly #held = new Map<string, Held>();
  #listening = false;
  #closing: Promise<void> | undefined;

  constructor(parts: TaskConsumerParts) {
    this.#parts = parts;
  }

  /** How many tasks are under way. */
  get running(): number {
    return this.#held.size;
  }

  /** Starts taking tasks. */
  consume(options: ConsumeOptions): void {
    if (this.#closing !== undefined) throw new Error('this consumer is closed');
    this.#listenForCancellations();
    const attempts = new AttemptStore(this.#parts.connections, options.maxFailures ?? MAX_FAILURES);
    const { connections, logger } = this.#parts;
    const worker = new Worker<TaskPayload>(
      queueName(options.engineClass),
      (entry, lock) => this.#process(entry, lock ?? '', options, attempts),
      {
        connection: connections.blockingOptions,
        prefix: connections.keys.bullPrefix,
        name: this.#parts.workerId,
        concurrency: options.concurrency ?? 1,
        lockDuration: options.lockDuration ?? 15_000,
        stalledInterval: options.stalledInterval ?? 5000,
        maxStalledCount: MAX_STALLED,
        maxStartedAttempts: MAX_STALLED,
        // A released entry with a priority wakes nobody; idle workers look by themselves this often (s).
        drainDelay: 2,
        runRetryDelay: 1000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
    );
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#held.get(id)?.task.abort('lost');
    });
    worker.on('stalled', (jobId) => logger.warn({ jobId }, 'its worker is gone; the job waits again'));
    worker.on('error', (error) => logger.debug({ err: error }, 'queue error'));
    this.#workers.push(worker);
  }

  /**
   * Takes nothing more, lets running tasks go on for `drainMs`, aborts the rest and puts them back at once, so
   * that another worker takes them. Bounded even where a handler hangs or Redis is away.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 0, options.abortMs ?? 2000);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(drainMs: number, abortMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.pause(true)));
    await this.#idle(drainMs);
    for (const { task } of this.#held.values()) task.abort('shutdown');
    await this.#idle(abortMs);
    await within(REDIS_MS, Promise.all([...this.#held.values()].map((held) => this.#takeBack(held))));
    await within(REDIS_MS, Promise.all(this.#workers.map((worker) => worker.close(true))));
    if (this.#listening) {
      const { subscriber, keys } = this.#parts.connections;
      await within(REDIS_MS, subscriber.unsubscribe(keys.cancellations));
    }
  }

  async #idle(boundMs: number): Promise<void> {
    const bound = Date.now() + boundMs;
    while (this.#held.size > 0 && Date.now() < bound) await sleep(20);
  }

  /** For a handler that does not end although it was told to. */
  async #takeBack(held: Held): Promise<void> {
    held.released = true;
    const ending = await held.task.release();
    if (ending.entry === 'back') await held.entry.moveToWait(held.lock);
  }

  async #process(
    entry: BullJob<TaskPayload>,
    lock: string,
    options: ConsumeOptions,
    attempts: AttemptStore,
  ): Promise<void> {
    const jobId: unknown = entry.data.jobId;
    if (typeof jobId !== 'string') throw new UnrecoverableError('this entry names no job');
    if (this.#closing !== undefined) return this.#putBack(entry, lock, 0);

    const { workerId } = this.#parts;
    const key = { jobId, engine: options.engineClass, token: randomUUID() };
    const started = await attempts.start(key, workerId);
    const logger = this.#parts.logger.child({ jobId, worker: workerId });
    if (started.outcome === 'dropped') {
      logger.info({ why: started.why }, 'nothing to do');
      return;
    }
    const attemptLogger = logger.child({ attempt: started.attempt });
    attemptLogger.info('attempt started');
    const { retryDelayMs = 2000 } = options;
    const task = new RunningTask({ key, started, attempts, logger: attemptLogger, retryDelayMs });
    const held: Held = { entry, lock, task, released: false };
    // The same worker may be handed a job again whose lock it had lost: the former task is void.
    this.#held.get(jobId)?.task.abort('lost');
    this.#held.set(jobId, held);
    let ending: Ending;
    try {
      ending = await task.run(options.handle);
    } finally {
      if (this.#held.get(jobId) === held) this.#held.delete(jobId);
    }
    if (held.released || ending.entry === 'lost') throw new WaitingError();
    if (ending.entry === 'back') await this.#putBack(entry, lock, ending.delayMs);
  }

  /** These two errors tell BullMQ that its entry has been moved. */
  async #putBack(entry: BullJob<TaskPayload>, lock: string, delayMs: number): Promise<never> {
    if (delayMs > 0) {
      await entry.moveToDelayed(Date.now() + delayMs, lock);
      throw new DelayedError();
    }
    await entry.moveToWait(lock);
    throw new WaitingError();
  }

  #listenForCancellations(): void {
    if (this.#listening) return;
    this.#listening = true;
    const { subscriber, keys } = this.#parts.connections;
    subscriber.on('message', (channel: string, jobId: string) => {
      if (channel === keys.cancellations) this.#held.get(jobId)?.task.abort('canceled');
    });
    subscriber.subscribe(keys.cancellations).catch((error: unknown) => {
      this.#parts.logger.debug({ err: error }, 'cancellations are noticed by looking only');
    });
  }
}

/** Waits for something that may hang or fail, but not longer. */
async function within(boundMs: number, work: Promise<unknown>): Promise<void> {
  const bound = new AbortController();
  const settled = work.then(
    () => bound.abort(),
    () => bound.abort(),
  );
  await Promise.race([settled, sleep(boundMs, undefined, { signal: bound.signal }).catch(() => {})]);
}
