import { Redis } from 'ioredis';
import { asQueueError } from './queue-unavailable-error.js';

/** What a Redis is, as far as a queue has to know it. */
export interface RedisFacts {
  readonly version: string;
  /**
   * Whether accepted jobs outlive the server: the append-only file is on. Snapshots alone do not count, since
   * they lose the minutes after the last one.
   */
  readonly durable: boolean;
  /** Whether it drops keys when its memory is full; such a server is refused. */
  readonly evicts: boolean;
}

/** This Redis cannot keep a queue; the message says why and what to do. */
export class RedisUnsuitableError extends Error {
  override readonly name = 'RedisUnsuitableError';
}

const OLDEST_VERSION = [6, 2];

/**
 * Connects, looks and leaves.
 * Throws RedisUnsuitableError if the server evicts or is too old, QueueUnavailableError if none answers.
 */
export async function checkRedis(url: string, timeoutMs = 5000): Promise<RedisFacts> {
  const redis = oneShot(url, timeoutMs);
  try {
    await redis.connect();
    return await factsOf(redis);
  } catch (error) {
    throw asQueueError(error);
  } finally {
    redis.disconnect();
  }
}

/** Whether a Redis answers there within the time; for those who look for one. */
export async function probeRedis(url: string, timeoutMs: number): Promise<boolean> {
  const redis = oneShot(url, timeoutMs);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** Throws RedisUnsuitableError if the server cannot keep a queue. */
export async function factsOf(redis: Redis): Promise<RedisFacts> {
  const info = new Map(
    (await redis.info())
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const version = info.get('redis_version') ?? 'unknown';
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  const evicts = policy !== 'noeviction' && (info.get('maxmemory') ?? '0') !== '0';
  if (evicts) {
    throw new RedisUnsuitableError(
      `this Redis evicts keys when its memory is full (maxmemory-policy ${policy}), so it could drop accepted jobs; set maxmemory-policy noeviction`,
    );
  }
  if (isOlder(version, OLDEST_VERSION)) {
    throw new RedisUnsuitableError(
      `this is Redis ${version}; Lévy needs ${OLDEST_VERSION.join('.')} or newer`,
    );
  }
  return { version, durable: info.get('aof_enabled') === '1', evicts };
}

function oneShot(url: string, timeoutMs: number): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectionName: 'levy-probe',
  });
  redis.on('error', () => {}); // told through the rejected command
  return redis;
}

function isOlder(version: string, oldest: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of oldest.entries()) {
    const part = parts[index];
    if (part === undefined || Number.isNaN(part) || part > least) return false;
    if (part < least) return true;
  }
  return false;
}
