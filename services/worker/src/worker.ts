import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { VERSION, type Worker } from '@levy/contracts';
import {
  type Connections,
  openConnections,
  type Presence,
  Reconciler,
  TaskConsumer,
  type TaskContext,
  TaskError,
  type TaskHandler,
  type TaskOutcome,
  TaskQueue,
  WorkerRegistry,
} from '@levy/queue';
import type { Logger } from 'pino';
import { engineClassFor } from './engine-class.js';
import { listenForHealth } from './health.js';
import type { WorkerSettings } from './settings.js';
import { StepsFailure, StepsRunner } from './steps/steps-runner.js';
import { TaskCounts } from './task-counts.js';

const IDLE_CHECK_MS = 200;

/**
 * Takes tasks until it is asked to stop, has been idle for long enough, or its lifetime is over. Then it takes
 * nothing more, lets the running task go on for the drain time, and puts it back into the queue after that.
 * Rejects with StepsFailure, before it takes any, where its engine cannot be had.
 *
 * This thread holds only the queue: claims, locks, heartbeats and progress. Steps run in a thread of their own, and a
 * device is driven by a process beside that.
 */
export async function runWorker(settings: WorkerSettings, logger: Logger, stop: AbortSignal): Promise<void> {
  const host = hostname();
  const workerId = `${host}-${process.pid}-${randomBytes(3).toString('hex')}`;
  await using connections = openConnections({
    url: settings.redisUrl,
    prefix: settings.queuePrefix,
    role: 'worker',
    logger,
  });
  const engine = await engineClassFor(settings, logger);
  const { dataDir, gpu, threads } = settings;
  await using steps = new StepsRunner({ settings: { dataDir, engine, gpu, threads, host }, logger });
  const about: Omit<Worker, 'current'> = {
    id: workerId,
    host,
    pid: process.pid,
    version: VERSION,
    engine,
    ...(await steps.info()),
    since: new Date().toISOString(),
  };
  await suitableRedis(connections, logger, stop);
  if (stop.aborted) return;
  const counts = new TaskCounts();
  await using _health = await listenForHealth(settings.health, { about, connections, counts, steps, logger });
  await using presence = new WorkerRegistry({ connections, logger }).announce(about);
  await using tasks = new TaskQueue(connections);
  await using reconciler = new Reconciler({ connections, tasks, logger });
  reconciler.start();
  await using consumer = new TaskConsumer({ connections, workerId, logger });
  consumer.consume({ engineClass: engine, handle: handler(steps, presence, counts) });
  const { device, adapter } = about;
  logger.info({ workerId, engine, device, threads: about.threads, adapter }, 'taking tasks');
  const why = await untilStop(settings, counts, stop);
  logger.info({ why, drainSeconds: settings.drainSeconds, running: consumer.running }, 'stopping');
  await consumer.close({ drainMs: settings.drainSeconds * 1000 });
  logger.info('stopped');
}

/** One task: the measurement in the steps thread, its progress and the faults in the queue's words. */
function handler(steps: StepsRunner, presence: Presence, counts: TaskCounts): TaskHandler {
  return async (claim, context) => {
    const since = new Date().toISOString();
    let phase = 'starting';
    presence.current({ job: claim.jobId, phase, since });
    const progress: TaskContext['progress'] = (update) => {
      context.progress(update);
      if (update.phase === phase) return;
      phase = update.phase;
      presence.current({ job: claim.jobId, phase, since });
    };
    const finished = counts.started();
    try {
      const outcome: TaskOutcome = await steps.run(claim.spec, {
        signal: context.signal,
        onProgress: progress,
      });
      finished('succeeded');
      return outcome;
    } catch (error) {
      finished(context.signal.aborted ? 'aborted' : 'failed');
      if (!(error instanceof StepsFailure)) throw error;
      const { kind, detail, retryable } = error.jobError;
      throw new TaskError(kind, detail, { retryable, cause: error });
    } finally {
      presence.current(undefined);
    }
  };
}

/** Waits for Redis, however long it is away. Throws RedisUnsuitableError for one that could drop accepted jobs. */
async function suitableRedis(connections: Connections, logger: Logger, stop: AbortSignal): Promise<void> {
  const aborted = new Promise<undefined>((resolve) => {
    if (stop.aborted) resolve(undefined);
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const facts = await Promise.race([connections.facts(), aborted]);
  if (facts !== undefined && !facts.durable) {
    logger.warn('this Redis is not append-only: accepted jobs are lost if it dies');
  }
}

/** Resolves with the reason for which the worker is to stop. */
async function untilStop(settings: WorkerSettings, counts: TaskCounts, stop: AbortSignal): Promise<string> {
  const { exitWhenIdleSeconds = Number.POSITIVE_INFINITY, lifetimeSeconds = Number.POSITIVE_INFINITY } =
    settings;
  const started = performance.now();
  while (!stop.aborted) {
    if ((performance.now() - started) / 1000 >= lifetimeSeconds) return 'its lifetime is over';
    if (counts.idleSeconds >= exitWhenIdleSeconds) return 'it was idle';
    await delay(IDLE_CHECK_MS, undefined, { signal: stop }).catch(() => {});
  }
  return 'it was asked to';
}
