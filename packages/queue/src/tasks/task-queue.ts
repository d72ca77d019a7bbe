import type { EngineClass, Priority } from '@levy/contracts';
import { Queue } from 'bullmq';
import type { Connections } from '../connection/connections.js';
import { asQueueError, QueueUnavailableError } from '../connection/queue-unavailable-error.js';

/** BullMQ's queue of an engine class. */
export function queueName(engine: EngineClass): string {
  return `tasks-${engine}`;
}

/** What BullMQ keeps of a job: its id. */
export interface TaskPayload {
  readonly jobId: string;
}

const TIMEOUT_MS = 2000;

/** One BullMQ queue per engine class. Its entries carry ids and bear them, so that adding one twice is adding it once. */
export class TaskQueue implements AsyncDisposable {
  readonly #connections: Connections;
  readonly #queues = new Map<EngineClass, Queue<TaskPayload>>();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** Hands a job to the workers of an engine class. Nothing happens where its entry is there already. */
  async add(jobId: string, engine: EngineClass, priority: Priority): Promise<void> {
    await this.#bounded(
      this.#queue(engine).add(
        'job',
        { jobId },
        { jobId, ...(priority === 'batch' ? { priority: BATCH } : {}) },
      ),
    );
  }

  /** Takes a job that nobody runs out of the queue; where that fails, a worker finds it final and drops it. */
  async forget(jobId: string, engine: EngineClass): Promise<void> {
    try {
      await this.#bounded(this.#queue(engine).remove(jobId));
    } catch (error) {
      this.#connections.logger.debug({ jobId, err: error }, 'left in the queue; its worker will drop it');
    }
  }

  /** Of these jobs, those that have no entry which a worker will come to: none at all, or a completed or failed one. */
  async missing(jobIds: readonly string[], engine: EngineClass): Promise<string[]> {
    if (jobIds.length === 0) return [];
    const queue = this.#queue(engine);
    return this.#connections.call(async (redis) => {
      const pipeline = redis.pipeline();
      for (const id of jobIds) {
        pipeline.exists(queue.toKey(id));
        pipeline.zscore(queue.toKey('completed'), id);
        pipeline.zscore(queue.toKey('failed'), id);
      }
      const answers = (await pipeline.exec()) ?? [];
      return jobIds.filter((_, index) => {
        const [exists, completed, failed] = answers.slice(3 * index, 3 * index + 3).map(([error, value]) => {
          if (error) throw error;
          return value;
        });
        return exists === 0 || completed !== null || failed !== null;
      });
    });
  }

  /** The key that is there as long as a worker holds the job. */
  lockKey(jobId: string, engine: EngineClass): string {
    return `${this.#queue(engine).toKey(jobId)}:lock`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#queues.clear();
  }

  #queue(engine: EngineClass): Queue<TaskPayload> {
    const known = this.#queues.get(engine);
    if (known !== undefined) return known;
    const queue = new Queue<TaskPayload>(queueName(engine), {
      connection: this.#connections.commands,
      prefix: this.#connections.keys.bullPrefix,
      // The server's version is checked elsewhere; without this a moment's loss here would leave the queue broken.
      skipVersionCheck: true,
      skipMetasUpdate: true,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', (error) => {
      this.#connections.logger.debug({ err: error, queue: queueName(engine) }, 'queue error');
    });
    this.#queues.set(engine, queue);
    return queue;
  }

  /** BullMQ waits for a connection before it sends anything; nobody here waits longer than a command may take. */
  async #bounded<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new QueueUnavailableError(new Error(`no answer in ${TIMEOUT_MS} ms`))),
        TIMEOUT_MS,
      );
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      work.catch(() => {});
      throw asQueueError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Jobs without a priority come before all that have one: those are the interactive ones. */
const BATCH = 1;
