import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JobSpec, JobStatus } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import {
  ChangeFeed,
  JobStore,
  openConnections,
  type StoredJob,
  TaskQueue,
  WorkerRegistry,
} from '@levy/queue';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { pino } from 'pino';
import { digitsSpec } from './specs.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const PATIENCE_MS = 25_000;

/** A Redis, a data folder and a job store of their own, and workers as real processes. */
export class Bench implements AsyncDisposable {
  readonly #workers: ChildProcess[] = [];

  private constructor(
    readonly redis: PrivateRedis,
    readonly dataDir: string,
    readonly store: DatasetStore,
    readonly jobs: JobStore,
    readonly registry: WorkerRegistry,
    private readonly closers: readonly AsyncDisposable[],
  ) {}

  static async open(): Promise<Bench> {
    const redis = await startPrivateRedis();
    const dataDir = await mkdtemp(join(tmpdir(), 'levy-worker-'));
    const logger = pino({ level: 'silent' });
    const connections = openConnections({ url: redis.url, prefix: 'levy', role: 'worker', logger });
    const tasks = new TaskQueue(connections);
    const changes = new ChangeFeed(connections);
    const jobs = new JobStore({ connections, tasks, changes });
    const registry = new WorkerRegistry({ connections, logger });
    const store = await DatasetStore.open(dataDir);
    return new Bench(redis, dataDir, store, jobs, registry, [changes, tasks, connections]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) {
      if (isRunning(worker)) {
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      }
    }
    for (const closer of this.closers) await closer[Symbol.asyncDispose]();
    await this.redis.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts a worker process; what it prints is in `output`. */
  worker(args: readonly string[] = [], env: Record<string, string> = {}): WorkerProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: {
        PATH: process.env['PATH'],
        REDIS_URL: this.redis.url,
        LEVY_DATA_DIR: this.dataDir,
        LEVY_ENGINE: 'wasm',
        LEVY_THREADS: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#workers.push(child);
    const worker = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        worker.output += text;
      });
    }
    return worker;
  }

  /** A job for the workers of the engine class that its fields ask for; of wasm where they ask for none. */
  async submit(fields: Record<string, unknown> = {}): Promise<string> {
    const spec: JobSpec = await digitsSpec(this.store, fields);
    const engine = spec.engine === 'auto' ? 'wasm' : spec.engine;
    const submitted = await this.jobs.submit({ spec, engine, owner: 'tests' });
    if (submitted.outcome !== 'accepted') throw new Error(submitted.outcome);
    return submitted.job.id;
  }

  /** The job as soon as it is as it should be. */
  async until(id: string, fits: (job: StoredJob) => boolean): Promise<StoredJob> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const job = await this.jobs.get(id);
      if (job !== undefined && fits(job)) return job;
      if (performance.now() > until) throw new Error(`${id} did not come to it: ${JSON.stringify(job)}`);
      await delay(20);
    }
  }

  untilStatus(id: string, status: JobStatus): Promise<StoredJob> {
    return this.until(id, (job) => job.status === status);
  }

  /** Once it shows progress, the job is well under way. */
  untilUnderWay(id: string): Promise<StoredJob> {
    return this.until(id, (job) => job.status === 'running' && (job.progress?.fraction ?? 0) > 0);
  }
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  output: string;
}

/** The exit status; -1 if a signal ended it. */
export async function exitOf({ child }: WorkerProcess): Promise<number> {
  if (isRunning(child)) await once(child, 'exit');
  return child.exitCode ?? -1;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
