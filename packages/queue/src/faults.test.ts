import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QueueUnavailableError } from './connection/queue-unavailable-error.js';
import { type PrivateRedis, startPrivateRedis } from './testing/private-redis.js';
import { accepted, openSide, type Side, until, untilStatus } from './testing/process.js';
import { sampleOutcome, sampleSpec } from './testing/samples.js';

let redis: PrivateRedis;
let api: Side;
let children: ChildProcess[];
beforeEach(async () => {
  redis = await startPrivateRedis();
  api = openSide(redis.url, 'producer');
  children = [];
  await until('Redis', async () => api.connections.ready);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

/** A worker in a process of its own. */
async function startWorker(milliseconds: number, advRisk: number): Promise<ChildProcess> {
  const child = fork(new URL('./testing/child-worker.js', import.meta.url), [
    redis.url,
    String(milliseconds),
    String(advRisk),
  ]);
  children.push(child);
  await once(child, 'message');
  return child;
}

describe('a worker', () => {
  test('killed in the middle of a job: another finishes it, with one result', async () => {
    const doomed = await startWorker(60_000, 0.1);
    const job = await accepted(api, sampleSpec());
    await until('progress', async () => (await api.jobs.get(job.id))?.progress);
    doomed.kill('SIGKILL');
    await startWorker(50, 0.9);
    const done = await untilStatus(api, job.id, 'succeeded');
    expect(done.attempts).toMatchObject([
      { outcome: 'lost', error: { kind: 'infrastructure' } },
      { outcome: 'succeeded' },
    ]);
    expect(done.estimate?.best.test.advRisk).toBe(0.9);
    expect((await api.registry.queueState()).engines[0]).toMatchObject({ waiting: 0, running: 0 });
  });

  test('told to stop: it ends by itself and its job goes on elsewhere at once', async () => {
    const stopping = await startWorker(60_000, 0.1);
    const job = await accepted(api, sampleSpec());
    await until('progress', async () => (await api.jobs.get(job.id))?.progress);
    const gone = once(stopping, 'exit');
    stopping.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
    expect(await api.jobs.get(job.id)).toMatchObject({
      status: 'queued',
      attempts: [{ outcome: 'released' }],
    });
    await startWorker(50, 0.9);
    await untilStatus(api, job.id, 'succeeded');
  });

  test('canceled while it is dead: the job is canceled when another looks at it', async () => {
    const doomed = await startWorker(60_000, 0.1);
    const job = await accepted(api, sampleSpec());
    await untilStatus(api, job.id, 'running');
    doomed.kill('SIGKILL');
    await api.jobs.cancel(job.id);
    expect((await api.jobs.get(job.id))?.status).toBe('canceling');
    await startWorker(50, 0.9);
    const done = await untilStatus(api, job.id, 'canceled');
    expect(done.attempts).toMatchObject([{ outcome: 'lost' }]);
  });

  test('that dies of every job it takes fails the job in the end', async () => {
    await using worker = openSide(redis.url, 'worker');
    const job = await accepted(api, sampleSpec());
    worker.consume({
      maxFailures: 2,
      // What a death leaves behind: an attempt without an end and no lock.
      handle: async () => {
        await api.connections.commands.del(`{test}:tasks-wasm:${job.id}:lock`);
        return new Promise((_, reject) => setTimeout(() => reject(new Error('gone')), 1200));
      },
    });
    const done = await untilStatus(api, job.id, 'failed');
    expect(done.attempts.map((attempt) => attempt.outcome)).toEqual(['lost', 'lost']);
    expect(done.error).toMatchObject({ kind: 'infrastructure', retryable: true });
  });
});

describe('Redis', () => {
  test('killed and restarted while jobs wait and run: none is lost, each has one result', async () => {
    await startWorker(300, 0.9);
    const jobs = [];
    for (let index = 0; index < 4; index++) jobs.push(await accepted(api, sampleSpec()));
    await until('a running job', async () => {
      const page = await api.jobs.list({ owner: 'anna', limit: 10, filters: { status: ['running'] } });
      return page.jobs.length > 0;
    });
    await redis.kill();
    await sleep(300);
    await redis.restart();
    for (const job of jobs) {
      const done = await untilStatus(api, job.id, 'succeeded');
      expect(done.attempts.filter((attempt) => attempt.outcome === 'succeeded')).toHaveLength(1);
    }
  });

  test('gone: everything is refused at once, and works again by itself', async () => {
    const job = await accepted(api, sampleSpec());
    const waiting = api.jobs.waitForChange(job.id, { timeoutMs: 60_000 });
    const woken = expect(waiting).rejects.toBeInstanceOf(QueueUnavailableError);
    await redis.kill();
    await woken;
    const refused = await Promise.allSettled([
      api.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna' }),
      api.jobs.get(job.id),
      api.jobs.list({ owner: 'anna', limit: 1 }),
      api.jobs.cancel(job.id),
      api.jobs.delete(job.id),
      api.jobs.waitForChange(job.id, { timeoutMs: 60_000 }),
      api.registry.queueState(),
      api.connections.facts(),
      api.tasks.add(job.id, 'wasm', 'batch'),
    ]);
    for (const one of refused) {
      expect(one).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailableError' } });
    }
    await redis.restart();
    await until('Redis to be back', async () => api.connections.ready);
    expect((await api.jobs.get(job.id))?.status).toBe('queued');
    await accepted(api, sampleSpec());
    // The subscription is back as well.
    const changed = api.jobs.waitForChange(job.id, { revision: 1, timeoutMs: 15_000 });
    await api.jobs.cancel(job.id);
    expect(await changed).toMatchObject({ status: 'canceled' });
  });

  test('that hangs is given up after the time of a command', async () => {
    redis.freeze();
    try {
      await expect(api.jobs.get('job_x')).rejects.toBeInstanceOf(QueueUnavailableError);
    } finally {
      redis.thaw();
    }
    await until('an answer', async () => (await api.jobs.get('job_x')) === undefined);
  });

  test('not there at the start: refused at once, used once it is there', async () => {
    await redis.kill();
    await using early = openSide(redis.url, 'producer');
    await expect(
      early.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna' }),
    ).rejects.toBeInstanceOf(QueueUnavailableError);
    await redis.restart();
    await until('Redis', async () => early.connections.ready);
    const job = await accepted(early, sampleSpec());
    await using worker = openSide(redis.url, 'worker');
    worker.consume({ handle: async () => sampleOutcome() });
    await untilStatus(early, job.id, 'succeeded');
  });
});

test('after closing nothing keeps the process alive', async () => {
  const child = fork(new URL('./testing/child-closes.js', import.meta.url), [redis.url]);
  children.push(child);
  expect(await once(child, 'exit')).toEqual([0, null]);
});
