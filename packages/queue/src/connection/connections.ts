import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Keys } from '../keys/keys.js';
import { asQueueError } from './queue-unavailable-error.js';
import { factsOf, type RedisFacts } from './redis-facts.js';
import { runScript, type Script } from './script.js';

export interface ConnectionSettings {
  /** redis:// or rediss:// with host, port, password and database. */
  readonly url: string;
  /** Set before every key; people who share a Redis choose different ones. */
  readonly prefix: string;
  /** producer: a lost Redis rejects at once. worker: commands wait until it is back. */
  readonly role: 'producer' | 'worker';
  readonly logger: Logger;
  /** A producer's command that takes longer is given up. Default 2000. */
  readonly commandTimeoutMs?: number;
}

/** Opens the connections of one process. They connect and reconnect by themselves; nobody has to wait for it. */
export function openConnections(settings: ConnectionSettings): Connections {
  return new Connections(settings);
}

/** How a connection deals with a Redis that does not answer. */
interface Behaviour {
  readonly maxRetriesPerRequest: number | null;
  readonly connectTimeout: number;
  readonly disconnectTimeout: number;
  readonly retryStrategy: (times: number) => number;
  readonly enableOfflineQueue?: boolean;
  readonly autoResendUnfulfilledCommands?: boolean;
  readonly commandTimeout?: number;
}

export class Connections implements AsyncDisposable {
  readonly keys: Keys;
  readonly role: ConnectionSettings['role'];
  readonly logger: Logger;
  readonly commands: Redis;
  readonly #settings: ConnectionSettings;
  #subscriber: Redis | undefined;
  #closed = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.keys = new Keys(settings.prefix);
    this.role = settings.role;
    this.logger = settings.logger;
    this.commands = this.#connect('commands', settings.role === 'producer' ? this.#hasty() : PATIENT);
  }

  /** The one connection that listens; made when first asked for. */
  get subscriber(): Redis {
    this.#subscriber ??= this.#connect('subscriber', PATIENT);
    return this.#subscriber;
  }

  /** Whether commands are answered now. */
  get ready(): boolean {
    return this.commands.status === 'ready';
  }

  /** What BullMQ makes its own, blocking connections from. */
  get blockingOptions(): Behaviour & { url: string } {
    return { url: this.#settings.url, ...PATIENT };
  }

  /** Runs commands; rejects with QueueUnavailableError where Redis is at fault. */
  async call<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await use(this.commands);
    } catch (error) {
      throw asQueueError(error);
    }
  }

  /** Runs an atomic script; rejects as `call` does. */
  async script(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.call((redis) => runScript(redis, script, keys, args));
  }

  /** Throws RedisUnsuitableError if the server cannot keep a queue, QueueUnavailableError if none answers. */
  async facts(): Promise<RedisFacts> {
    return this.call(factsOf);
  }

  /** Ends every connection at once; commands that still wait are rejected. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([ended(this.commands), this.#subscriber ? ended(this.#subscriber) : undefined]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connect(name: string, options: Behaviour): Redis {
    const redis = new Redis(this.#settings.url, { ...options, connectionName: `levy-${name}` });
    let told = false;
    redis.on('error', (error: Error) => {
      if (!told) this.logger.warn({ connection: name, err: error }, 'Redis is lost; reconnecting');
      told = true;
    });
    redis.on('ready', () => {
      if (told) this.logger.info({ connection: name }, 'Redis is back');
      told = false;
    });
    return redis;
  }

  #hasty(): Behaviour {
    return {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: this.#settings.commandTimeoutMs ?? 2000,
      connectTimeout: 2000,
      disconnectTimeout: DISCONNECT_MS,
      retryStrategy,
    };
  }
}

/** A socket that does not end in this time is cut; ioredis keeps the process alive for as long. */
const DISCONNECT_MS = 200;

const PATIENT: Behaviour = {
  maxRetriesPerRequest: null,
  connectTimeout: 5000,
  disconnectTimeout: DISCONNECT_MS,
  retryStrategy,
};

/** 50 ms, 100 ms … at most 1 s, with jitter so that not everybody comes back at the same moment. */
function retryStrategy(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), 1000) * (0.75 + Math.random() / 2);
}

function ended(redis: Redis): Promise<void> {
  if (redis.status === 'end') return Promise.resolve();
  return new Promise((resolve) => {
    // Between two attempts to connect there is no socket whose end would be told.
    const bound = setTimeout(resolve, redis.status === 'reconnecting' ? 0 : 500);
    redis.once('end', () => {
      clearTimeout(bound);
      resolve();
    });
    redis.disconnect();
  });
}
