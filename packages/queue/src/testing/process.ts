import { setTimeout as sleep } from 'node:timers/promises';
import { type Connections, openConnections } from '../connection/connections.js';
import { DatasetRecords } from '../datasets/dataset-records.js';
import { ChangeFeed } from '../events/change-feed.js';
import { EventLog } from '../events/event-log.js';
import { JobStore, type Submission } from '../jobs/job-store.js';
import type { StoredJob } from '../jobs/stored-job.js';
import { Reconciler } from '../tasks/reconciler.js';
import { type ConsumeOptions, TaskConsumer } from '../tasks/task-consumer.js';
import { TaskQueue } from '../tasks/task-queue.js';
import { WorkerRegistry } from '../workers/worker-registry.js';
import { silent } from './samples.js';

/** All that an API, or a worker, has of this package; for tests. */
export interface Side extends AsyncDisposable {
  readonly connections: Connections;
  readonly tasks: TaskQueue;
  readonly jobs: JobStore;
  readonly changes: ChangeFeed;
  readonly events: EventLog;
  readonly datasets: DatasetRecords;
  readonly registry: WorkerRegistry;
  readonly reconciler: Reconciler;
  consume(options: Omit<ConsumeOptions, 'engineClass'> & Partial<ConsumeOptions>): TaskConsumer;
}

/** Short times, so that a test sees in a second what takes half a minute otherwise. */
export const QUICK = { lockDuration: 1000, stalledInterval: 300, retryDelayMs: 50 } as const;

export function openSide(url: string, role: 'producer' | 'worker', prefix = 'test'): Side {
  const connections = openConnections({ url, prefix, role, logger: silent, commandTimeoutMs: 500 });
  const tasks = new TaskQueue(connections);
  const changes = new ChangeFeed(connections);
  const consumers: TaskConsumer[] = [];
  const reconciler = new Reconciler({ connections, tasks, logger: silent, intervalMs: 300 });
  return {
    connections,
    tasks,
    changes,
    events: new EventLog({ connections, changes }),
    jobs: new JobStore({ connections, tasks, changes }),
    datasets: new DatasetRecords(connections),
    registry: new WorkerRegistry({ connections, logger: silent }),
    reconciler,
    consume(options) {
      const consumer = new TaskConsumer({
        connections,
        workerId: `worker-${consumers.length}`,
        logger: silent,
      });
      consumers.push(consumer);
      consumer.consume({ engineClass: 'wasm', ...QUICK, ...options });
      return consumer;
    },
    async [Symbol.asyncDispose]() {
      for (const consumer of consumers) await consumer.close();
      await reconciler[Symbol.asyncDispose]();
      await changes[Symbol.asyncDispose]();
      await tasks[Symbol.asyncDispose]();
      await connections.close();
    },
  };
}

/** Asks until the answer is there; throws after twenty seconds. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const bound = Date.now() + 20_000;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > bound) throw new Error(`waited in vain: ${what}`);
    await sleep(25);
  }
}

export function untilStatus(side: Side, id: string, ...statuses: string[]): Promise<StoredJob> {
  return until(`${id} to become ${statuses.join(' or ')}`, async () => {
    const job = await side.jobs.get(id);
    return job !== undefined && statuses.includes(job.status) ? job : undefined;
  });
}

export async function accepted(
  side: Side,
  spec: Submission['spec'],
  { owner = 'anna', engine = 'wasm' }: Partial<Submission> = {},
) {
  const submitted = await side.jobs.submit({ spec, engine, owner });
  if (submitted.outcome !== 'accepted') throw new Error(`not accepted: ${submitted.outcome}`);
  return submitted.job;
}
