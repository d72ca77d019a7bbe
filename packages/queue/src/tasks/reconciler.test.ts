import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, type Side, until, untilStatus } from '../testing/process.js';
import { sampleOutcome, sampleSpec } from '../testing/samples.js';

let redis: PrivateRedis;
let side: Side;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  side = openSide(redis.url, 'worker');
  await until('Redis', async () => side.connections.ready);
  await side.connections.commands.flushall();
});
afterEach(() => side[Symbol.asyncDispose]());

/** As after a crash between record and queue, or with a server that lost the queue's keys. */
async function loseQueue(): Promise<void> {
  const keys = await side.connections.commands.keys('{test}:tasks-*');
  if (keys.length > 0) await side.connections.commands.del(...keys);
}

test('jobs that dropped out of the queue come back, whatever their priority', async () => {
  const jobs = [
    await accepted(side, sampleSpec()),
    await accepted(side, sampleSpec({ priority: 'batch' })),
    await accepted(side, sampleSpec(), { engine: 'gpu' }),
  ];
  expect(await side.reconciler.reconcile()).toEqual({ restored: 0, ended: 0 });
  await loseQueue();
  expect(await side.reconciler.reconcile()).toEqual({ restored: 3, ended: 0 });
  expect(await side.reconciler.reconcile()).toEqual({ restored: 0, ended: 0 });
  side.consume({ handle: async () => sampleOutcome() });
  side.consume({ engineClass: 'gpu', handle: async () => sampleOutcome() });
  for (const job of jobs) await untilStatus(side, job.id, 'succeeded');
});

test('a running job whose entry and worker are gone is run again, by itself', async () => {
  const other = openSide(redis.url, 'worker');
  const job = await accepted(side, sampleSpec());
  other.consume({ handle: () => new Promise(() => {}) });
  await untilStatus(side, job.id, 'running');
  await other.connections.close();
  await loseQueue();
  side.consume({ handle: async () => sampleOutcome() });
  side.reconciler.start();
  const done = await untilStatus(side, job.id, 'succeeded');
  expect(done.attempts.map((attempt) => attempt.outcome)).toEqual(['lost', 'succeeded']);
  await other[Symbol.asyncDispose]();
});

test('an entry that BullMQ gave up does not end the job', async () => {
  const job = await accepted(side, sampleSpec());
  await loseQueue();
  const { commands } = side.connections;
  await commands.hset(
    `{test}:tasks-wasm:${job.id}`,
    'name',
    'job',
    'data',
    JSON.stringify({ jobId: job.id }),
  );
  await commands.zadd('{test}:tasks-wasm:failed', '1', job.id);
  expect(await side.reconciler.reconcile()).toEqual({ restored: 1, ended: 0 });
  side.consume({ handle: async () => sampleOutcome() });
  await untilStatus(side, job.id, 'succeeded');
});

test('several reconcilers at once put a job back once', async () => {
  const jobs = await Promise.all(Array.from({ length: 20 }, () => accepted(side, sampleSpec())));
  await loseQueue();
  await Promise.all(Array.from({ length: 4 }, () => side.reconciler.reconcile()));
  const runs: string[] = [];
  side.consume({
    handle: async (claim) => {
      runs.push(claim.jobId);
      return sampleOutcome();
    },
  });
  for (const job of jobs) await untilStatus(side, job.id, 'succeeded');
  expect(runs.toSorted()).toEqual(jobs.map((job) => job.id).toSorted());
});

test('a job whose worker is gone waits again, or is canceled, before another worker looks at it', async () => {
  const other = openSide(redis.url, 'worker');
  const [lost, canceled] = [await accepted(side, sampleSpec()), await accepted(side, sampleSpec())];
  other.consume({ concurrency: 2, handle: () => new Promise(() => {}) });
  await untilStatus(side, lost.id, 'running');
  await untilStatus(side, canceled.id, 'running');
  await side.jobs.cancel(canceled.id);
  await side.reconciler.reconcile();
  expect((await side.jobs.get(lost.id))?.status).toBe('running');
  await other.connections.close();
  await side.connections.commands.del(
    side.tasks.lockKey(lost.id, 'wasm'),
    side.tasks.lockKey(canceled.id, 'wasm'),
  );
  await side.reconciler.reconcile();
  expect(await side.jobs.get(lost.id)).toMatchObject({ status: 'queued', attempts: [{ outcome: 'lost' }] });
  expect((await side.jobs.get(canceled.id))?.status).toBe('canceled');
  side.consume({ handle: async () => sampleOutcome() });
  const done = await untilStatus(side, lost.id, 'succeeded');
  expect(done.attempts.map((attempt) => attempt.outcome)).toEqual(['lost', 'succeeded']);
  await other[Symbol.asyncDispose]();
});
