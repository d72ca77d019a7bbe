import type { JobSpec } from '@levy/contracts';
import type { Logger } from 'pino';
import type { AttemptKey, AttemptStore, Started, TaskOutcome } from './attempt-store.js';
import { ProgressReporter, type ProgressUpdate } from './progress-reporter.js';
import { jobErrorOf, TaskAborted, TaskError, TIMEOUT_ERROR } from './task-error.js';

/** What a worker is given to do. */
export interface Claim {
  readonly jobId: string;
  readonly spec: JobSpec;
  /** 1 for the first one. */
  readonly attempt: number;
  /** Proves the claim; whoever lost it cannot write any more. */
  readonly token: string;
}

export interface TaskContext {
  /** Aborts with a TaskAborted when the job is canceled, out of time, lost, or the worker stops. */
  readonly signal: AbortSignal;
  /** As often as one likes: at most four a second are written. */
  readonly progress: (update: ProgressUpdate) => void;
}

/**
 * Does the work, off this thread: the thread that calls it renews the job's lock. Throws a TaskError for faults
 * that it knows; after an abort it should end within a second, how does not matter.
 */
export type TaskHandler = (claim: Claim, context: TaskContext) => Promise<TaskOutcome>;

/** What becomes of the job's entry in the queue. */
export type Ending =
  /** The job is final: the entry goes. */
  | { readonly entry: 'done' }
  /** The job waits again. */
  | { readonly entry: 'back'; readonly delayMs: number }
  /** Others deal with the entry. */
  | { readonly entry: 'lost' };

export interface RunningTaskParts {
  readonly key: AttemptKey;
  readonly started: Extract<Started, { outcome: 'started' }>;
  readonly attempts: AttemptStore;
  readonly logger: Logger;
  /** First pause before a retry, ms; doubled each time, at most a minute, with jitter. */
  readonly retryDelayMs: number;
}

/** How often a claim is checked while its handler says nothing: bounds what a lost message costs. */
const CHECK_MS = 1000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One attempt in progress: its handler, its progress and its end. */
export class RunningTask {
  readonly key: AttemptKey;
  readonly #parts: RunningTaskParts;
  readonly #abort = new AbortController();
  readonly #reporter: ProgressReporter;

  constructor(parts: RunningTaskParts) {
    this.#parts = parts;
    this.key = parts.key;
    this.#reporter = new ProgressReporter(Date.now(), async (progress) => {
      await this.#check(() => parts.attempts.progress(parts.key, progress));
    });
  }

  abort(why: TaskAborted['why']): void {
    if (!this.#abort.signal.aborted) this.#abort.abort(new TaskAborted(why));
  }

  /** Never rejects because of the handler; rejects only where the record cannot be written. */
  async run(handle: TaskHandler): Promise<Ending> {
    const { key, started, attempts, logger } = this.#parts;
    const { signal } = this.#abort;
    const left = started.deadline - started.startedAt;
    const timeout = setTimeout(() => this.abort('timed-out'), Math.min(left, MAX_TIMER_MS));
    const check = setInterval(() => void this.#check(() => attempts.standing(key)), CHECK_MS);
    let outcome: TaskOutcome | undefined;
    let failure: unknown;
    try {
      outcome = await handle(
        { jobId: key.jobId, spec: started.spec, attempt: started.attempt, token: key.token },
        { signal, progress: (update) => this.#reporter.report(update) },
      );
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timeout);
      clearInterval(check);
      await this.#reporter.stop();
    }
    const why = signal.reason instanceof TaskAborted ? signal.reason.why : undefined;
    // Somebody else may have begun already: what a worker computes without a claim is nobody's.
    if (outcome !== undefined && why !== 'lost') {
      try {
        return this.#settled(await attempts.succeed(key, outcome, this.#reporter.completed()));
      } catch (error) {
        if (!(error instanceof TaskError)) throw error;
        failure = error;
      }
    }
    if (why === undefined) logger.warn({ err: failure }, 'the task failed');
    return this.#fail(why, failure);
  }

  /** Gives the claim back although the handler has not ended; what it still says is refused as lost. */
  async release(): Promise<Ending> {
    const { status } = await this.#parts.attempts.giveBack(this.key, 'released', undefined);
    return status === 'queued' ? { entry: 'back', delayMs: 0 } : this.#settled(status);
  }

  async #fail(why: TaskAborted['why'] | undefined, failure: unknown): Promise<Ending> {
    const { key, attempts } = this.#parts;
    switch (why) {
      case 'canceled':
        return this.#settled(await attempts.end(key, 'canceled', undefined));
      case 'timed-out':
        return this.#settled(await attempts.end(key, 'timed_out', TIMEOUT_ERROR));
      case 'lost':
        return this.#settled('lost');
      case 'shutdown':
        return this.release();
      case undefined: {
        const error = jobErrorOf(failure);
        if (!error.retryable) return this.#settled(await attempts.end(key, 'failed', error));
        const { status, failures } = await attempts.giveBack(key, 'failed', error);
        if (status !== 'queued') return this.#settled(status);
        return { entry: 'back', delayMs: this.#pause(failures) };
      }
    }
  }

  #settled(status: string): Ending {
    if (status === 'lost') {
      this.#parts.logger.warn('the claim was lost; the outcome is dropped');
      return { entry: 'lost' };
    }
    this.#parts.logger.info({ status }, 'the job is final');
    return { entry: 'done' };
  }

  #pause(failures: number): number {
    const longest = Math.min(this.#parts.retryDelayMs * 2 ** Math.max(0, failures - 1), 60_000);
    return Math.round(longest * (0.5 + Math.random() / 2));
  }

  async #check(ask: () => Promise<'running' | 'canceling' | 'lost'>): Promise<void> {
    try {
      const standing = await ask();
      if (standing === 'canceling') this.abort('canceled');
      if (standing === 'lost') this.abort('lost');
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'the claim could not be checked');
    }
  }
}
