import { isFinal } from '@levy/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, type Side, until } from '../testing/process.js';
import { sampleOutcome, sampleSpec } from '../testing/samples.js';
import { type AttemptKey, AttemptStore } from './attempt-store.js';
import { TaskError } from './task-error.js';

const MAX_FAILURES = 3;

let redis: PrivateRedis;
let side: Side;
let attempts: AttemptStore;
beforeAll(async () => {
  redis = await startPrivateRedis();
  side = openSide(redis.url, 'worker');
  attempts = new AttemptStore(side.connections, MAX_FAILURES);
  await until('Redis', async () => side.connections.ready);
});
afterAll(async () => {
  await side[Symbol.asyncDispose]();
  await redis.stop();
});

const keyOf = (jobId: string, token: string): AttemptKey => ({ jobId, engine: 'wasm', token });
const progress = {
  fraction: 0.5,
  phase: 'p',
  done: 1,
  total: 2,
  unit: 'rows',
  updatedAt: new Date().toISOString(),
};
const boom = { kind: 'device', detail: 'boom', retryable: true } as const;

describe('a command that is sent twice', () => {
  test('starts one attempt', async () => {
    const { id } = await accepted(side, sampleSpec());
    const first = await attempts.start(keyOf(id, 'a'), 'w');
    expect(await attempts.start(keyOf(id, 'a'), 'w')).toEqual(first);
    expect((await side.jobs.get(id))?.attempts).toHaveLength(1);
  });

  test('finishes once, with the same answer', async () => {
    const { id } = await accepted(side, sampleSpec());
    await attempts.start(keyOf(id, 'a'), 'w');
    expect(await attempts.succeed(keyOf(id, 'a'), sampleOutcome(), undefined)).toBe('succeeded');
    const done = await side.jobs.get(id);
    expect(await attempts.succeed(keyOf(id, 'a'), sampleOutcome(0.9), undefined)).toBe('succeeded');
    expect(await side.jobs.get(id)).toEqual(done);
  });

  test('gives back once, with the same answer', async () => {
    const { id } = await accepted(side, sampleSpec());
    await attempts.start(keyOf(id, 'a'), 'w');
    const answer = { status: 'queued', failures: 1 };
    expect(await attempts.giveBack(keyOf(id, 'a'), 'failed', boom)).toEqual(answer);
    expect(await attempts.giveBack(keyOf(id, 'a'), 'failed', boom)).toEqual(answer);
    await attempts.start(keyOf(id, 'b'), 'w');
    expect(await attempts.giveBack(keyOf(id, 'a'), 'failed', boom)).toMatchObject({ failures: 1 });
    expect((await side.jobs.get(id))?.status).toBe('running');
  });
});

test('of many that finish at once, the one with the claim wins', async () => {
  const { id } = await accepted(side, sampleSpec());
  const tokens = Array.from({ length: MAX_FAILURES }, (_, index) => `t${index}`);
  for (const token of tokens) expect((await attempts.start(keyOf(id, token), 'w')).outcome).toBe('started');
  const written = await Promise.all(
    tokens.map((token, index) => attempts.succeed(keyOf(id, token), sampleOutcome(index / 10), undefined)),
  );
  expect(written).toEqual(['lost', 'lost', 'succeeded']);
  expect((await side.jobs.get(id))?.estimate?.best.test.advRisk).toBe(0.2);
});

test('an estimate that would swell the record is a fault that no retry mends', async () => {
  const { id } = await accepted(side, sampleSpec());
  await attempts.start(keyOf(id, 'a'), 'w');
  const { estimate, ...rest } = sampleOutcome();
  const timings = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`t${index}`, index]));
  const large = attempts.succeed(keyOf(id, 'a'), { ...rest, estimate: { ...estimate, timings } }, undefined);
  await expect(large).rejects.toBeInstanceOf(TaskError);
  await expect(large).rejects.toMatchObject({ retryable: false });
});

test('whatever is sent in whatever order, the record stays sound', async () => {
  const token = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('start' as const), token }),
    fc.record({ kind: fc.constant('progress' as const), token }),
    fc.record({ kind: fc.constant('succeed' as const), token }),
    fc.record({ kind: fc.constant('fail' as const), token }),
    fc.record({ kind: fc.constant('fault' as const), token }),
    fc.record({ kind: fc.constant('release' as const), token }),
    fc.record({ kind: fc.constant('cancel' as const), token }),
    fc.record({ kind: fc.constant('overdue' as const), token }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const { id } = await accepted(side, sampleSpec());
      let before = await side.jobs.get(id);
      for (const { kind, token: name } of steps) {
        await take(kind, keyOf(id, name));
        const after = await side.jobs.get(id);
        if (before === undefined || after === undefined) throw new Error('the record is gone');
        if (isFinal(before.status)) expect(after).toEqual(before);
        expect(after.revision >= before.revision).toBe(true);
        if (after.revision === before.revision) expect(after).toEqual(before);
        await expectSound(id);
        before = after;
      }
    }),
    { numRuns: 60 },
  );
});

async function take(kind: string, key: AttemptKey): Promise<void> {
  switch (kind) {
    case 'start':
      await attempts.start(key, 'w');
      return;
    case 'progress':
      await attempts.progress(key, progress);
      return;
    case 'succeed':
      await attempts.succeed(key, sampleOutcome(), progress);
      return;
    case 'fail':
      await attempts.end(key, 'failed', { kind: 'input', detail: 'bad', retryable: false });
      return;
    case 'fault':
      await attempts.giveBack(key, 'failed', boom);
      return;
    case 'release':
      await attempts.giveBack(key, 'released', undefined);
      return;
    case 'cancel':
      await side.jobs.cancel(key.jobId);
      return;
    default:
      await attempts.endOverdue(key.jobId, key.engine, 0);
  }
}

/** Status, indexes, token and attempts tell the same story. */
async function expectSound(id: string): Promise<void> {
  const { commands, keys } = side.connections;
  const [queued, running, token, job] = await Promise.all([
    commands.zscore(keys.queued('wasm'), id),
    commands.zscore(keys.running('wasm'), id),
    commands.hget(keys.job(id), 'token'),
    side.jobs.get(id),
  ]);
  if (job === undefined) throw new Error('the record is gone');
  const active = job.status === 'running' || job.status === 'canceling';
  expect({ queued: queued !== null, running: running !== null, token: token !== null }).toEqual({
    queued: job.status === 'queued',
    running: active,
    token: active,
  });
  expect(job.finishedAt !== undefined).toBe(isFinal(job.status));
  const open = job.attempts.filter((attempt) => attempt.outcome === undefined);
  expect(open).toHaveLength(active ? 1 : 0);
  expect(job.estimate !== undefined).toBe(job.status === 'succeeded');
  const failures = job.attempts.filter(({ outcome }) => outcome === 'lost' || outcome === 'failed').length;
  expect(failures).toBeLessThanOrEqual(MAX_FAILURES);
}
