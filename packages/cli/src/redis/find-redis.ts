import { probeRedis } from '@levy/queue';
import { type Context, remark } from '../context.js';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { findOnPath } from '../serve/on-path.js';
import { installRedis } from './apt-redis.js';
import { dockerRedis } from './docker-redis.js';
import { existingRedis, type FoundRedis } from './found-redis.js';
import { OwnRedis } from './own-redis.js';

export interface RedisSearch {
  readonly context: Context;
  /** REDIS_URL, where it is set. */
  readonly url: string | undefined;
  /** Absolute; a Redis of our own keeps its data here. */
  readonly dataDir: string;
}

export const LOCAL_REDIS = 'redis://127.0.0.1:6379';
const SERVERS = ['redis-server', 'valkey-server'];
const PROBE_MS = 1000;

/**
 * Finds a Redis or starts one, in this order: REDIS_URL; redis-server or valkey-server on PATH, started on a private
 * port in the data folder; one that answers at 127.0.0.1:6379; a container, if Docker answers; on Debian or Ubuntu as
 * root, redis-server installed with apt-get (asked first on a terminal).
 * Throws CommandError naming these ways if none leads to a Redis.
 */
export async function findRedis(search: RedisSearch): Promise<FoundRedis> {
  const { context, url, dataDir } = search;
  if (url !== undefined) return existingRedis(url, 'REDIS_URL');
  const server = serverOnPath(context);
  if (server !== undefined) return OwnRedis.start(server, dataDir, context);
  if (await probeRedis(LOCAL_REDIS, PROBE_MS)) return existingRedis(LOCAL_REDIS, 'answers at 127.0.0.1:6379');
  const container = await dockerRedis(context, dataDir);
  if (container !== undefined) return container;
  if (await installRedis(context)) {
    const installed = serverOnPath(context);
    if (installed !== undefined) return OwnRedis.start(installed, dataDir, context);
  }
  throw new CommandError(
    EXIT.refused,
    [
      'no Redis was found, and none could be started. Any one of these will do:',
      '  set REDIS_URL to one, such as redis://host:6379',
      '  put redis-server or valkey-server on PATH (on Debian: apt-get install redis-server)',
      '  let one answer at 127.0.0.1:6379',
      '  start Docker',
    ].join('\n'),
  );
}

/** Which way `findRedis` would go, without starting anything; undefined if it would have to install one or fail. */
export async function foreseeRedis({ context, url, dataDir }: RedisSearch): Promise<string | undefined> {
  if (url !== undefined) return 'REDIS_URL';
  const server = serverOnPath(context);
  if (server !== undefined) {
    const running = await OwnRedis.running(dataDir);
    return running === undefined ? `${server}, started when needed` : `${server}, running at ${running.url}`;
  }
  if (await probeRedis(LOCAL_REDIS, PROBE_MS)) return 'answers at 127.0.0.1:6379';
  return undefined;
}

/** The Redis that a `levy serve` on this data folder uses, for a worker beside it. */
export async function findRunningRedis({ context, url, dataDir }: RedisSearch): Promise<FoundRedis> {
  if (url !== undefined) return existingRedis(url, 'REDIS_URL');
  const own = await OwnRedis.running(dataDir);
  if (own !== undefined) return existingRedis(own.url, `the one in ${dataDir}`);
  if (await probeRedis(LOCAL_REDIS, PROBE_MS)) {
    remark(context, 'levy: REDIS_URL is not set; the worker takes the Redis at 127.0.0.1:6379');
    return existingRedis(LOCAL_REDIS, 'answers at 127.0.0.1:6379');
  }
  throw new CommandError(
    EXIT.refused,
    `no Redis was found: set REDIS_URL, or LEVY_DATA_DIR to the data folder of a running levy serve (it is ${dataDir})`,
  );
}

function serverOnPath({ env }: Context): string | undefined {
  return SERVERS.map((name) => findOnPath(name, env)).find((path) => path !== undefined);
}
