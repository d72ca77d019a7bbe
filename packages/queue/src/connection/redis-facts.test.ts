import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { QueueUnavailableError } from './queue-unavailable-error.js';
import { checkRedis, probeRedis, RedisUnsuitableError } from './redis-facts.js';

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());

test('an append-only Redis is durable', async () => {
  expect(await checkRedis(redis.url)).toEqual({
    version: expect.stringMatching(/^\d+\.\d+/),
    durable: true,
    evicts: false,
  });
  expect(await probeRedis(redis.url, 1000)).toBe(true);
});

test('one that only takes snapshots is not', async () => {
  await using other = await startPrivateRedis(['--appendonly', 'no', '--save', '60 1']);
  expect(await checkRedis(other.url)).toMatchObject({ durable: false });
});

test('one that evicts is refused, with what to do', async () => {
  await using other = await startPrivateRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru']);
  const refused = checkRedis(other.url);
  await expect(refused).rejects.toBeInstanceOf(RedisUnsuitableError);
  await expect(refused).rejects.toThrow('set maxmemory-policy noeviction');
});

test('a policy without a limit evicts nothing; a limit without eviction neither', async () => {
  await using unlimited = await startPrivateRedis(['--maxmemory-policy', 'allkeys-lru']);
  expect(await checkRedis(unlimited.url)).toMatchObject({ evicts: false });
  await using limited = await startPrivateRedis(['--maxmemory', '50mb']);
  expect(await checkRedis(limited.url)).toMatchObject({ evicts: false });
});

test('nobody there, a wrong password: said so, soon', async () => {
  await using locked = await startPrivateRedis();
  await locked.kill();
  await expect(checkRedis(locked.url)).rejects.toBeInstanceOf(QueueUnavailableError);
  expect(await probeRedis(locked.url, 300)).toBe(false);
  redis.freeze();
  try {
    expect(await probeRedis(redis.url, 100)).toBe(false);
  } finally {
    redis.thaw();
  }
});
