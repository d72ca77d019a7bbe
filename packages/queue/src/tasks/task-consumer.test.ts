import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, type Side, until, untilStatus } from '../testing/process.js';
import { sampleOutcome, sampleSpec } from '../testing/samples.js';
import type { TaskHandler } from './running-task.js';
import { TaskAborted, TaskError } from './task-error.js';

let redis: PrivateRedis;
let api: Side;
let worker: Side;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = openSide(redis.url, 'producer');
  worker = openSide(redis.url, 'worker');
  await until('Redis', async () => api.connections.ready);
  await api.connections.commands.flushall();
});
afterEach(async () => {
  await worker[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** Runs until it is aborted, and remembers why. */
function endless(reasons: unknown[] = []): TaskHandler {
  return (_claim, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason instanceof TaskAborted ? signal.reason.why : signal.reason);
        reject(signal.reason);
      });
    });
}

test('a job goes from queued over running to succeeded with its result', async () => {
  const job = await accepted(api, sampleSpec());
  let seen: unknown;
  worker.consume({
    handle: async (claim, { progress }) => {
      progress({ fraction: 0.5, phase: 'scan', done: 1, total: 2, unit: 'rows' });
      seen = claim;
      await until('running', async () => (await api.jobs.get(job.id))?.progress?.fraction === 0.5);
      return { ...sampleOutcome(0.25), warnings: [{ code: 'w', detail: 'd' }] };
    },
  });
  const done = await untilStatus(api, job.id, 'succeeded');
  expect(seen).toMatchObject({ jobId: job.id, spec: sampleSpec(), attempt: 1 });
  expect(done.estimate).toEqual(sampleOutcome(0.25).estimate);
  expect(done.result).toEqual(sampleOutcome().result);
  expect(done.artifacts).toEqual(sampleOutcome().artifacts);
  expect(done.warnings).toEqual([{ code: 'w', detail: 'd' }]);
  expect(done.progress).toMatchObject({ fraction: 1, phase: 'scan' });
  expect(done.attempts).toMatchObject([{ number: 1, outcome: 'succeeded', worker: 'worker-0' }]);
  expect(done.startedAt).toBeDefined();
  expect(done.finishedAt).toBeDefined();
  expect((await api.registry.queueState()).engines).toMatchObject([
    { engine: 'wasm', waiting: 0, running: 0 },
    { engine: 'gpu', waiting: 0, running: 0 },
  ]);
});

test('interactive jobs come before batch ones, in their order', async () => {
  const batch = await accepted(api, sampleSpec({ priority: 'batch' }));
  const first = await accepted(api, sampleSpec());
  const second = await accepted(api, sampleSpec());
  const order: string[] = [];
  worker.consume({
    handle: async (claim) => {
      order.push(claim.jobId);
      return sampleOutcome();
    },
  });
  await untilStatus(api, batch.id, 'succeeded');
  expect(order).toEqual([first.id, second.id, batch.id]);
});

test('jobs of another engine class are left to their own workers', async () => {
  const gpu = await accepted(api, sampleSpec({ engine: 'auto' }), { engine: 'gpu' });
  const wasm = await accepted(api, sampleSpec({ engine: 'auto' }));
  worker.consume({ handle: async () => sampleOutcome() });
  await untilStatus(api, wasm.id, 'succeeded');
  expect((await api.jobs.get(gpu.id))?.status).toBe('queued');
  worker.consume({ engineClass: 'gpu', handle: async () => sampleOutcome() });
  await untilStatus(api, gpu.id, 'succeeded');
});

describe('cancel', () => {
  test('a running job hears of it and becomes canceled', async () => {
    const job = await accepted(api, sampleSpec());
    const reasons: unknown[] = [];
    worker.consume({ handle: endless(reasons) });
    await untilStatus(api, job.id, 'running');
    expect(await api.jobs.cancel(job.id)).toMatchObject({
      outcome: 'canceling',
      job: { status: 'canceling' },
    });
    const done = await untilStatus(api, job.id, 'canceled');
    expect(reasons).toEqual(['canceled']);
    expect(done.attempts).toMatchObject([{ outcome: 'canceled' }]);
    expect(done.error).toBeUndefined();
  });

  test('is noticed without the message too', async () => {
    const job = await accepted(api, sampleSpec());
    const reasons: unknown[] = [];
    worker.consume({ handle: endless(reasons) });
    await untilStatus(api, job.id, 'running');
    await worker.connections.subscriber.unsubscribe(worker.connections.keys.cancellations);
    await api.jobs.cancel(job.id);
    await untilStatus(api, job.id, 'canceled');
    expect(reasons).toEqual(['canceled']);
  });
});

describe('faults', () => {
  test('that may pass are tried again', async () => {
    const job = await accepted(api, sampleSpec());
    worker.consume({
      handle: async ({ attempt }) => {
        if (attempt === 1) throw new TaskError('device', 'the device was lost');
        if (attempt === 2) throw new Error('boom');
        return sampleOutcome();
      },
    });
    const done = await untilStatus(api, job.id, 'succeeded');
    expect(done.attempts).toMatchObject([
      { outcome: 'failed', error: { kind: 'device', detail: 'the device was lost', retryable: true } },
      { outcome: 'failed', error: { kind: 'infrastructure', detail: 'Error: boom' } },
      { outcome: 'succeeded' },
    ]);
    expect(done.error).toBeUndefined();
  });

  test('that may pass are not tried for ever', async () => {
    const job = await accepted(api, sampleSpec());
    worker.consume({
      maxFailures: 2,
      handle: async () => {
        throw new TaskError('infrastructure', 'the store is full');
      },
    });
    const done = await untilStatus(api, job.id, 'failed');
    expect(done.attempts).toHaveLength(2);
    expect(done.error).toEqual({ kind: 'infrastructure', detail: 'the store is full', retryable: true });
  });

  test('of the input are not tried again', async () => {
    const job = await accepted(api, sampleSpec());
    worker.consume({
      handle: async () => {
        throw new TaskError('input', 'the data set is gone');
      },
    });
    const done = await untilStatus(api, job.id, 'failed');
    expect(done.attempts).toHaveLength(1);
    expect(done.error).toEqual({ kind: 'input', detail: 'the data set is gone', retryable: false });
  });
});

describe('time', () => {
  test('a job past timeoutSeconds from its start is timed out', async () => {
    const job = await accepted(api, sampleSpec({ timeoutSeconds: 1 }));
    const reasons: unknown[] = [];
    worker.consume({ handle: endless(reasons) });
    const done = await untilStatus(api, job.id, 'timed_out');
    expect(reasons).toEqual(['timed-out']);
    expect(done.error).toMatchObject({ kind: 'timeout' });
  });

  test('a job that waits past expireSeconds expires, with a worker or without', async () => {
    const alone = await accepted(api, sampleSpec({ expireSeconds: 1 }));
    const taken = await accepted(api, sampleSpec({ expireSeconds: 1 }), { engine: 'gpu' });
    await sleep(1100);
    let ran = false;
    worker.consume({
      engineClass: 'gpu',
      handle: async () => {
        ran = true;
        return sampleOutcome();
      },
    });
    await untilStatus(api, taken.id, 'expired');
    expect(ran).toBe(false);
    expect((await api.jobs.get(alone.id))?.status).toBe('queued');
    expect(await api.reconciler.reconcile()).toEqual({ restored: 0, ended: 1 });
    expect((await api.jobs.get(alone.id))?.status).toBe('expired');
  });
});

describe('the claim', () => {
  test('a worker that lost it is told, and its result is dropped', async () => {
    const job = await accepted(api, sampleSpec());
    const reasons: unknown[] = [];
    let stolen = false;
    worker.consume({
      handle: async (claim, context) => {
        if (claim.attempt > 1) return sampleOutcome(0.75);
        // Its lock goes, as after a pause longer than the lock lasts.
        await api.connections.commands.del(`{test}:tasks-wasm:${job.id}:lock`);
        await endless(reasons)(claim, context).catch(() => {});
        stolen = true;
        return sampleOutcome(0.1);
      },
    });
    const done = await untilStatus(api, job.id, 'succeeded');
    await until('the first attempt to end', async () => stolen);
    await sleep(100);
    expect(reasons).toEqual(['lost']);
    const after = await api.jobs.get(job.id);
    expect(after).toEqual(done);
    expect(after?.estimate?.best.test.advRisk).toBe(0.75);
    expect(after?.attempts.map((attempt) => attempt.outcome)).toEqual(['lost', 'succeeded']);
  });
});

describe('close', () => {
  test('lets a task finish within its time', async () => {
    const job = await accepted(api, sampleSpec());
    const consumer = worker.consume({
      handle: async () => {
        await sleep(300);
        return sampleOutcome();
      },
    });
    await untilStatus(api, job.id, 'running');
    await consumer.close({ drainMs: 5000 });
    expect((await api.jobs.get(job.id))?.status).toBe('succeeded');
  });

  test('gives a task back at once, and another worker finishes it', async () => {
    for (const priority of ['interactive', 'batch'] as const) {
      const job = await accepted(api, sampleSpec({ priority }));
      const reasons: unknown[] = [];
      const consumer = worker.consume({ handle: endless(reasons) });
      await untilStatus(api, job.id, 'running');
      await consumer.close({ drainMs: 0 });
      expect(reasons).toEqual(['shutdown']);
      expect(await api.jobs.get(job.id)).toMatchObject({ status: 'queued' });
      expect(await api.reconciler.reconcile()).toEqual({ restored: 0, ended: 0 });
      const second = worker.consume({ handle: async () => sampleOutcome() });
      const done = await untilStatus(api, job.id, 'succeeded');
      expect(done.attempts.map((attempt) => attempt.outcome)).toEqual(['released', 'succeeded']);
      await second.close();
    }
  });

  test('does not wait for a handler that hangs, and refuses what it says later', async () => {
    const job = await accepted(api, sampleSpec());
    let finish: () => void = () => {};
    const consumer = worker.consume({
      handle: async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return sampleOutcome(0.1);
      },
    });
    await untilStatus(api, job.id, 'running');
    await consumer.close({ drainMs: 0, abortMs: 100 });
    expect(await api.jobs.get(job.id)).toMatchObject({ status: 'queued' });
    finish();
    await sleep(100);
    expect(await api.jobs.get(job.id)).toMatchObject({ status: 'queued' });
  });

  test('is bounded where Redis is frozen', async () => {
    const job = await accepted(api, sampleSpec());
    const consumer = worker.consume({ handle: endless() });
    await untilStatus(api, job.id, 'running');
    redis.freeze();
    try {
      await consumer.close({ drainMs: 0, abortMs: 100 });
    } finally {
      redis.thaw();
    }
  });
});
