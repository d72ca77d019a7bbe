import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, until } from '../testing/process.js';
import { sampleSpec } from '../testing/samples.js';

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());

const worker = {
  id: 'wrk_1',
  host: 'here',
  pid: 1,
  version: '0.1.0',
  engine: 'gpu',
  device: 'H100',
  threads: 2,
  since: '2026-01-01T00:00:00.000Z',
} as const;

test('a worker is live while its heart beats, and says what it does', async () => {
  await using side = openSide(redis.url, 'worker');
  const presence = side.registry.announce(worker, { intervalMs: 50, ttlMs: 300 });
  await until('the worker', async () => (await side.registry.list()).length === 1);
  expect(await side.registry.list()).toEqual([worker]);
  expect(await side.registry.liveClasses()).toEqual(new Set(['gpu']));
  const current = { job: 'job_1', phase: 'scan', since: '2026-01-01T00:00:01.000Z' };
  presence.current(current);
  await until('its task', async () => (await side.registry.list())[0]?.current?.job === 'job_1');
  presence.current(undefined);
  await until('idleness', async () => (await side.registry.list())[0]?.current === undefined);
  await presence[Symbol.asyncDispose]();
  expect(await side.registry.list()).toEqual([]);
});

test('one that falls silent is forgotten', async () => {
  await using side = openSide(redis.url, 'worker');
  await using presence = side.registry.announce(worker, { intervalMs: 60_000, ttlMs: 150 });
  await until('the worker', async () => (await side.registry.list()).length === 1);
  await until('silence', async () => (await side.registry.list()).length === 0);
  expect(await side.connections.commands.hlen(side.connections.keys.workers)).toBe(0);
  presence.current(undefined);
});

test('the state of the queue counts by engine class and knows the oldest', async () => {
  await using side = openSide(redis.url, 'worker');
  await accepted(side, sampleSpec());
  await accepted(side, sampleSpec());
  const state = await side.registry.queueState();
  expect(state.engines).toEqual([
    { engine: 'wasm', waiting: 2, running: 0, workers: 0, oldestWaitSeconds: expect.any(Number) },
    { engine: 'gpu', waiting: 0, running: 0, workers: 0 },
  ]);
});
