import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import {
  type Connections,
  openConnections,
  TaskConsumer,
  type TaskHandler,
  WorkerRegistry,
} from '@levy/queue';
import { pino } from 'pino';
import { parseApiKeys } from '../access/api-keys.js';
import { type ApiService, openService } from '../service.js';

export const PREFIX = 'test';
/** Short, so that tests see in a moment what takes a while otherwise. */
export const STREAM_TIMES = { heartbeatMs: 300, slowMs: 700 };
export const UPLOAD_BYTES = 2 ** 23;
export const silent = pino({ level: process.env['LEVY_LOG_LEVEL'] ?? 'silent' });

/** An answer, its body parsed where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The API on a port, over real HTTP. */
export class Bench implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly service: ApiService,
    readonly datasets: DatasetStore,
    readonly dataDir: string,
    private readonly redisUrl: string,
  ) {}

  /** @param keys LEVY_API_KEYS */
  static async open(redisUrl: string, keys = ''): Promise<Bench> {
    const dataDir = await mkdtemp(join(tmpdir(), 'levy-api-'));
    const service = await openService(
      {
        redisUrl,
        queuePrefix: PREFIX,
        host: '127.0.0.1',
        dataDir,
        keys: parseApiKeys(keys).keys,
        uploadBytes: UPLOAD_BYTES,
      },
      silent,
      STREAM_TIMES,
    );
    const url = await service.app.listen({ host: '127.0.0.1', port: 0 });
    const bench = new Bench(url, service, await DatasetStore.open(dataDir), dataDir, redisUrl);
    await until('Redis', async () => (await bench.call('GET', '/readyz')).status === 200);
    return bench;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, raw, headers, signal } = options;
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(sent === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  /** A worker beside the API; of the wasm engine unless it says otherwise. */
  worker(handle: TaskHandler, about: Partial<Worker> = {}): TestWorker {
    return new TestWorker(this.redisUrl, handle, about);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

export class TestWorker implements AsyncDisposable {
  readonly #connections: Connections;
  readonly #consumer: TaskConsumer;
  readonly #presence: AsyncDisposable;

  constructor(redisUrl: string, handle: TaskHandler, about: Partial<Worker>) {
    const connections = openConnections({ url: redisUrl, prefix: PREFIX, role: 'worker', logger: silent });
    this.#connections = connections;
    const worker: Worker = {
      id: 'wrk_test',
      host: 'here',
      pid: process.pid,
      version: '0.1.0',
      engine: 'wasm',
      device: 'cpu',
      threads: 3,
      since: '2026-01-01T00:00:00.000Z',
      ...about,
    };
    this.#consumer = new TaskConsumer({ connections, workerId: worker.id, logger: silent });
    this.#consumer.consume({ engineClass: worker.engine, handle, lockDuration: 2000, stalledInterval: 500 });
    this.#presence = new WorkerRegistry({ connections, logger: silent }).announce(worker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close();
    await this.#presence[Symbol.asyncDispose]();
    await this.#connections.close();
  }
}

/** Asks until the answer is there; throws after twenty seconds. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const bound = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > bound) throw new Error(`waited in vain: ${what}`);
    await sleep(25);
  }
}
