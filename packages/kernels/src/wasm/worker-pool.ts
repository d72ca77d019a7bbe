import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { EngineError, type PassOptions } from '../engine.js';
import type { TaskMessage, WorkerStart } from './worker.js';

/** Some milliseconds of work for one thread. */
export interface Task extends TaskMessage {
  /** Elementary steps that it answers. */
  readonly steps: number;
  /** Called on this thread once it is done, before the same thread is given another task. */
  readonly done?: () => void;
}

/**
 * What a pass has to do: called with a thread that has nothing to do, answers a task for it, or undefined if
 * there is none, or none that may run beside those that run now.
 */
export type TakeTask = (thread: number) => Task | undefined;

/** A pass that has been asked for and not answered. */
interface Run {
  readonly take: TakeTask;
  readonly total: number;
  readonly options: PassOptions;
  /** Answers the pass: with nothing if it is complete. */
  readonly settle: (failure?: { reason: unknown }) => void;
  running: number;
  done: number;
  /** It was asked while none of its tasks ran, and had none. */
  complete: boolean;
  failure?: { reason: unknown };
}

interface Thread {
  readonly index: number;
  readonly worker: Worker;
  current: { run: Run; task: Task } | undefined;
}

/**
 * Threads that run tasks of passes, in turns if there are several passes. An aborted pass gets no further task
 * and rejects as soon as those that run are done, so that memory it gives back is no longer written to.
 */
export class WorkerPool implements AsyncDisposable {
  private readonly threads: Thread[] = [];
  private runs: Run[] = [];
  private broken: EngineError | undefined;

  static async start(count: number, data: WorkerStart): Promise<WorkerPool> {
    const pool = new WorkerPool(count, data);
    try {
      await Promise.all(pool.threads.map(({ worker }) => once(worker, 'message')));
    } catch (cause) {
      await pool[Symbol.asyncDispose]();
      throw new EngineError('device', `a compute thread did not start: ${messageOf(cause)}`, { cause });
    }
    pool.listen();
    return pool;
  }

  private constructor(count: number, data: WorkerStart) {
    for (let index = 0; index < count; index++) {
      const worker = new Worker(new URL('./worker.js', import.meta.url), {
        workerData: data,
        name: `levy kernels ${index}`,
        execArgv: [],
      });
      this.threads.push({ index, worker, current: undefined });
    }
  }

  get size(): number {
    return this.threads.length;
  }

  /** @throws EngineError 'device' once a thread was lost or the pool disposed. */
  checkUsable(): void {
    if (this.broken !== undefined) {
      throw this.broken;
    }
  }

  /**
   * Runs tasks until there are none.
   * @param total elementary steps of all tasks together
   */
  async run(total: number, take: TakeTask, options: PassOptions): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.checkUsable();
    await new Promise<void>((resolve, reject) => {
      const abort = () => this.fail(run, signal?.reason);
      const run: Run = {
        take,
        total,
        options,
        settle: (failure) => {
          signal?.removeEventListener('abort', abort);
          this.runs = this.runs.filter((one) => one !== run);
          if (failure === undefined) {
            resolve();
          } else {
            reject(failure.reason);
          }
        },
        running: 0,
        done: 0,
        complete: false,
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.runs.push(run);
      this.dispatch();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakDown(new EngineError('device', 'the engine is disposed'));
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private listen(): void {
    for (const thread of this.threads) {
      const lost = (cause?: unknown) => {
        const why = cause === undefined ? 'it ended' : messageOf(cause);
        this.breakDown(new EngineError('device', `a compute thread was lost: ${why}`, { cause }));
      };
      thread.worker.on('message', () => this.finish(thread));
      thread.worker.on('error', lost);
      thread.worker.on('exit', () => lost());
    }
  }

  /** From here on nothing runs. The first reason stays. */
  private breakDown(reason: EngineError): void {
    this.broken ??= reason;
    for (const run of this.runs) {
      run.settle({ reason: this.broken });
    }
  }

  private finish(thread: Thread): void {
    const { current } = thread;
    thread.current = undefined;
    if (current === undefined || this.broken !== undefined) {
      return;
    }
    const { run, task } = current;
    run.running -= 1;
    run.done += task.steps;
    try {
      task.done?.();
      if (run.failure === undefined) {
        run.options.onProgress?.(run.done, run.total);
      }
    } catch (error) {
      this.fail(run, error);
    }
    this.dispatch();
  }

  /** Gives every idle thread a task, and answers the passes that have neither tasks left nor any running. */
  private dispatch(): void {
    for (const thread of this.threads) {
      if (thread.current === undefined) {
        this.employ(thread);
      }
    }
    for (const run of this.runs) {
      if (run.complete || (run.failure !== undefined && run.running === 0)) {
        run.settle(run.failure);
      }
    }
  }

  private employ(thread: Thread): void {
    for (const run of this.runs) {
      const task = this.takeFrom(run, thread);
      if (task !== undefined) {
        thread.current = { run, task };
        run.running += 1;
        // Next time the others come first.
        this.runs = [...this.runs.filter((one) => one !== run), run];
        thread.worker.postMessage({ kernel: task.kernel, args: task.args } satisfies TaskMessage);
        return;
      }
    }
  }

  private takeFrom(run: Run, thread: Thread): Task | undefined {
    if (run.failure !== undefined || run.complete) {
      return undefined;
    }
    try {
      const task = run.take(thread.index);
      run.complete = task === undefined && run.running === 0;
      return task;
    } catch (error) {
      this.fail(run, error);
      return undefined;
    }
  }

  private fail(run: Run, reason: unknown): void {
    run.failure ??= { reason };
    if (run.running === 0) {
      run.settle(run.failure);
    }
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
