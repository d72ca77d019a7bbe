import { Worker } from 'node:worker_threads';
import type { MeasurementProgress } from '@levy/concentration';
import type { Adapter, JobError, JobSpec } from '@levy/contracts';
import type { Logger } from 'pino';
import { jobErrorOf } from './job-error.js';
import { parseFromSteps, type StepsSettings, type StoredMeasurement, type ToSteps } from './messages.js';

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MeasurementProgress) => void;
}

/** A measurement that failed in the steps thread, or a thread that could not start. */
export class StepsFailure extends Error {
  override readonly name = 'StepsFailure';
  constructor(readonly jobError: JobError) {
    super(jobError.detail);
  }
}

export interface StepsRunnerParts {
  readonly settings: StepsSettings;
  readonly logger: Logger;
  /** How long an aborted task may take to end before its thread is replaced, ms; default 1500. */
  readonly abortMs?: number;
  /** Another script in place of the steps thread's own. */
  readonly script?: URL;
}

const ABORT_MS = 1500;
/** Ample for an engine, which stops its device process by force where it must. */
const CLOSE_MS = 4000;
const SCRIPT = new URL('./steps-thread.js', import.meta.url);

/** A steps thread that runs, and what it does. */
interface Thread {
  state: 'starting' | 'ready' | 'ended';
  readonly worker: Worker;
  readonly ready: Promise<ThreadInfo>;
  /** Resolves with what went wrong, once the thread has ended. */
  readonly ended: Promise<Error>;
}

export interface ThreadInfo {
  readonly device: string;
  readonly threads: number;
  readonly adapter?: Adapter;
}

/**
 * Runs measurements in a steps thread, one at a time. A thread that does not end an aborted task in time, or that
 * breaks down, is replaced: its task fails, and the worker goes on.
 */
export class StepsRunner implements AsyncDisposable {
  readonly #parts: StepsRunnerParts;
  #thread: Thread;
  #lastTask = 0;
  #busy = false;
  #closed = false;
  #restarts = 0;

  constructor(parts: StepsRunnerParts) {
    this.#parts = parts;
    this.#thread = this.#start();
  }

  /** How often a device process was started anew. */
  get deviceRestarts(): number {
    return this.#restarts;
  }

  /** What computes; rejects with StepsFailure if the thread cannot start. */
  info(): Promise<ThreadInfo> {
    return readyOrFailed(this.#thread);
  }

  /**
   * Measures, with everything stored.
   * Rejects with StepsFailure, or with the signal's reason soon after it is aborted, whatever the thread does.
   */
  async run(spec: JobSpec, options: RunOptions): Promise<StoredMeasurement> {
    if (this.#busy || this.#closed)
      throw new Error('the steps thread runs one task at a time, until it is closed');
    this.#busy = true;
    try {
      options.signal.throwIfAborted();
      if (this.#thread.state === 'ended') this.#thread = this.#start();
      return await this.#runOn(this.#thread, spec, options);
    } finally {
      this.#busy = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const { worker, ended } = this.#thread;
    tell(worker, { type: 'close' });
    const bound = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await ended;
    clearTimeout(bound);
  }

  #runOn(thread: Thread, spec: JobSpec, { signal, onProgress }: RunOptions): Promise<StoredMeasurement> {
    this.#lastTask += 1;
    const task = this.#lastTask;
    const { worker } = thread;
    return new Promise((resolve, reject) => {
      let bound: NodeJS.Timeout | undefined;
      const settle = (end: () => void): void => {
        clearTimeout(bound);
        worker.off('message', onMessage);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      const onMessage = (value: unknown): void => {
        const message = parsed(value);
        if (message instanceof Error) {
          settle(() => reject(new StepsFailure(jobErrorOf(message))));
          this.#replace(thread, 'it sent what is no message');
        } else if (!('task' in message) || message.task !== task) return;
        else if (message.type === 'progress') onProgress(message.progress);
        else if (message.type === 'done') settle(() => resolve(message.outcome));
        else if (message.type === 'aborted') settle(() => reject(signal.reason));
        else settle(() => reject(new StepsFailure(message.error)));
      };
      const onAbort = (): void => {
        tell(worker, { type: 'abort', task });
        bound = setTimeout(() => {
          settle(() => reject(signal.reason));
          this.#replace(thread, 'it did not end an aborted task in time');
        }, this.#parts.abortMs ?? ABORT_MS);
      };
      worker.on('message', onMessage);
      signal.addEventListener('abort', onAbort, { once: true });
      void thread.ended.then((error) => settle(() => reject(stepsFailure(error))));
      tell(worker, { type: 'run', task, spec });
    });
  }

  #start(): Thread {
    const { settings, script = SCRIPT } = this.#parts;
    const worker = new Worker(script, { workerData: settings, name: 'levy-steps' });
    let failure: Error | undefined;
    const ended = new Promise<Error>((resolve) => {
      worker.once('error', (error) => {
        failure = error;
      });
      worker.once('exit', (code) => resolve(failure ?? new Error(`the steps thread ended with ${code}`)));
    });
    const ready = new Promise<ThreadInfo>((resolve) => {
      let restarts = 0;
      worker.on('message', (value: unknown) => {
        const message = parsed(value);
        if (message instanceof Error) return;
        if (message.type === 'ready') {
          const { type: _, ...info } = message;
          resolve(info);
        } else if (message.type === 'unready') {
          failure = new StepsFailure(message.error);
        } else if (message.type === 'device') {
          this.#restarts += message.restarts - restarts;
          restarts = message.restarts;
        }
      });
    });
    const thread: Thread = { state: 'starting', worker, ready, ended };
    void ready.then(() => {
      thread.state = 'ready';
    });
    void ended.then((error) => {
      const hadStarted = thread.state === 'ready';
      thread.state = 'ended';
      // One that cannot even start is tried again with the next task, not in a circle.
      if (hadStarted) this.#replace(thread, error.message);
    });
    return thread;
  }

  /** The next thread starts at once, so that it is ready when the next task comes. */
  #replace(thread: Thread, why: string): void {
    if (this.#closed || this.#thread !== thread) return;
    this.#parts.logger.error({ why }, 'the steps thread is replaced');
    void thread.worker.terminate();
    this.#thread = this.#start();
  }
}

function tell(worker: Worker, message: ToSteps): void {
  worker.postMessage(message);
}

function parsed(value: unknown): ReturnType<typeof parseFromSteps> | Error {
  try {
    return parseFromSteps(value);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function readyOrFailed({ ready, ended }: Thread): Promise<ThreadInfo> {
  const outcome = await Promise.race([ready, ended]);
  if (outcome instanceof Error) throw stepsFailure(outcome);
  return outcome;
}

function stepsFailure(error: Error): StepsFailure {
  return error instanceof StepsFailure ? error : new StepsFailure(jobErrorOf(error));
}
