import {
  checker,
  ENGINE_CLASSES,
  type EngineClass,
  type QueueState,
  type Worker,
  WorkerSchema,
} from '@levy/contracts';
import type { Logger } from 'pino';
import type { Connections } from '../connection/connections.js';
import { stringsOf } from '../connection/script.js';
import { heartbeat } from './scripts/heartbeat.js';
import { liveWorkers } from './scripts/live-workers.js';

const workers = checker(WorkerSchema);

export interface HeartbeatOptions {
  /** How often, ms; default 2000. */
  readonly intervalMs?: number;
  /** For how long a worker counts as live after a heartbeat, ms; default 10000. */
  readonly ttlMs?: number;
}

/** A worker's sign of life, until disposed of. */
export interface Presence extends AsyncDisposable {
  /** Says at once what the worker is doing now; undefined when it is idle. */
  current(task: Worker['current'] | undefined): void;
}

/** Which workers are alive and what waits. */
export class WorkerRegistry {
  readonly #connections: Connections;
  readonly #logger: Logger;

  constructor(parts: { connections: Connections; logger: Logger }) {
    this.#connections = parts.connections;
    this.#logger = parts.logger;
  }

  /** Makes a worker known and keeps it so. */
  announce(worker: Omit<Worker, 'current'>, options: HeartbeatOptions = {}): Presence {
    const { intervalMs = 2000, ttlMs = 10_000 } = options;
    let current: Worker['current'];
    let sending: Promise<void> | undefined;
    let closed = false;
    const beat = (): void => {
      // One at a time: with Redis away they would pile up.
      if (closed || sending !== undefined) return;
      const told: Worker = { ...worker, ...(current === undefined ? {} : { current }) };
      sending = this.#beat(told, ttlMs).finally(() => {
        sending = undefined;
      });
    };
    const timer = setInterval(beat, intervalMs);
    beat();
    return {
      current: (task) => {
        current = task;
        beat();
      },
      [Symbol.asyncDispose]: async () => {
        closed = true;
        clearInterval(timer);
        if (this.#connections.ready) {
          await sending;
          await this.#forget(worker);
        }
      },
    };
  }

  /** Every live worker. */
  async list(): Promise<Worker[]> {
    const { keys } = this.#connections;
    const found = await Promise.all(
      ENGINE_CLASSES.map((engine) =>
        this.#connections.script(liveWorkers, [keys.workers, keys.liveWorkers(engine)], []),
      ),
    );
    return found
      .flatMap(stringsOf)
      .map(parseWorker)
      .filter((worker) => worker !== undefined);
  }

  /** Engine classes that a live worker offers. */
  async liveClasses(): Promise<Set<EngineClass>> {
    return new Set((await this.list()).map((worker) => worker.engine));
  }

  /** What waits and runs, by engine class. */
  async queueState(): Promise<QueueState> {
    const { keys } = this.#connections;
    const live = await this.list();
    const engines = await Promise.all(
      ENGINE_CLASSES.map(async (engine) => {
        const [waiting, running, oldest] = await this.#connections.call((redis) =>
          Promise.all([
            redis.zcard(keys.queued(engine)),
            redis.zcard(keys.running(engine)),
            redis.zrange(keys.queued(engine), '0', '0', 'WITHSCORES'),
          ]),
        );
        const since = oldest[1];
        return {
          engine,
          waiting,
          running,
          ...(since === undefined
            ? {}
            : { oldestWaitSeconds: Math.max(0, (Date.now() - Number(since)) / 1000) }),
          workers: live.filter((worker) => worker.engine === engine).length,
        };
      }),
    );
    return { engines };
  }

  async #beat(worker: Worker, ttlMs: number): Promise<void> {
    const { keys } = this.#connections;
    try {
      await this.#connections.script(
        heartbeat,
        [keys.workers, keys.liveWorkers(worker.engine)],
        [worker.id, JSON.stringify(worker), ttlMs],
      );
    } catch (error) {
      this.#logger.debug({ err: error, worker: worker.id }, 'no heartbeat');
    }
  }

  async #forget(worker: Omit<Worker, 'current'>): Promise<void> {
    const { keys } = this.#connections;
    try {
      await this.#connections.call((redis) => redis.zrem(keys.liveWorkers(worker.engine), worker.id));
      await this.#connections.call((redis) => redis.hdel(keys.workers, worker.id));
    } catch (error) {
      this.#logger.debug({ err: error, worker: worker.id }, 'left to be forgotten in time');
    }
  }
}

function parseWorker(text: string): Worker | undefined {
  const value: unknown = JSON.parse(text);
  return workers.fits(value) ? value : undefined;
}
