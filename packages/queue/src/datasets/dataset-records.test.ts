import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TaskError } from '../tasks/task-error.js';
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

const spec = sampleSpec({ dataset: 'points' });
const withhold = () => side.datasets.withhold('points', spec.datasetDigest);

describe('a data set', () => {
  test('is needed by every job that is not final, however it ends', async () => {
    expect(await withhold()).toBe(0);
    await side.datasets.offer('points');
    const canceled = await accepted(side, spec);
    const succeeding = await accepted(side, spec);
    const failing = await accepted(side, sampleSpec({ dataset: 'points', seed: 1 }));
    const expiring = await accepted(side, sampleSpec({ dataset: 'points', expireSeconds: 1 }), {
      engine: 'gpu',
    });
    await accepted(side, sampleSpec({ dataset: 'digits' }), { engine: 'gpu' });
    expect(await withhold()).toBe(4);
    await side.jobs.cancel(canceled.id);
    expect(await withhold()).toBe(3);
    side.consume({
      handle: async ({ spec: { seed } }) => {
        if (seed === 1) throw new TaskError('input', 'no', { retryable: false });
        return sampleOutcome();
      },
    });
    await untilStatus(side, succeeding.id, 'succeeded');
    await untilStatus(side, failing.id, 'failed');
    expect(await withhold()).toBe(1);
    await until('the expiry', async () => (await side.reconciler.reconcile()).ended === 1);
    await untilStatus(side, expiring.id, 'expired');
    expect(await withhold()).toBe(0);
    expect(await side.connections.commands.exists('{test}:dataset:points:jobs')).toBe(0);
  });

  test('stays needed while its job is put back and tried again', async () => {
    let attempts = 0;
    const counts: number[] = [];
    side.consume({
      handle: async () => {
        counts.push(await withhold());
        attempts += 1;
        if (attempts < 3) throw new TaskError('infrastructure', 'again', { retryable: true });
        return sampleOutcome();
      },
    });
    const job = await accepted(side, spec);
    await untilStatus(side, job.id, 'succeeded');
    expect(counts).toEqual([1, 1, 1]);
    expect(await withhold()).toBe(0);
  });

  test('that is being removed gets no new jobs, unless it comes back with other content', async () => {
    expect(await withhold()).toBe(0);
    const idempotency = { key: 'k', bodyDigest: 'd' };
    expect(await side.jobs.submit({ spec, engine: 'wasm', owner: 'anna', idempotency })).toEqual({
      outcome: 'dataset-removed',
    });
    expect(await side.jobs.findReplay('anna', idempotency)).toBeUndefined();
    await accepted(side, sampleSpec({ dataset: 'points', datasetDigest: 'e'.repeat(64) }));
    await accepted(side, sampleSpec());
    await side.datasets.offer('points');
    await accepted(side, spec);
    const left = await side.connections.commands.keys('*removal*');
    expect(left).toEqual([]);
  });

  test('withheld and submitted to at once has either its job or its removal, never both', async () => {
    for (let round = 0; round < 20; round++) {
      await side.connections.commands.flushall();
      const [needed, submitted] = await Promise.all([
        withhold(),
        side.jobs.submit({ spec, engine: 'wasm', owner: 'anna' }),
      ]);
      expect([needed, submitted.outcome]).toEqual(needed === 0 ? [0, 'dataset-removed'] : [1, 'accepted']);
    }
  });
});

describe('an Idempotency-Key', () => {
  async function claimed(key = 'k', owner = 'anna') {
    const standing = await side.datasets.claim(owner, key);
    if (standing.outcome !== 'claimed') throw new Error(`not claimed: ${standing.outcome}`);
    return standing.claim;
  }

  test('is in flight while its request is carried out, and tells afterwards what it made', async () => {
    const claim = await claimed();
    expect(await side.datasets.claim('anna', 'k')).toEqual({ outcome: 'in-flight' });
    await (await claimed('k', 'berta'))[Symbol.asyncDispose]();
    await claim.settle('points', 'digest');
    await claim[Symbol.asyncDispose]();
    const made = { outcome: 'made', dataset: 'points', bodyDigest: 'digest' };
    expect(await side.datasets.claim('anna', 'k')).toEqual(made);
    const key = (await side.connections.commands.keys('*idempotency*'))[0] ?? '';
    expect(await side.connections.commands.pttl(key)).toBe(-1);
    await side.datasets.forget('points');
    expect(await side.datasets.claim('anna', 'k')).toEqual(made);
    const left = await side.connections.commands.pttl(key);
    expect(left).toBeGreaterThan(23 * 3600_000);
    expect(left).toBeLessThanOrEqual(24 * 3600_000);
  });

  test('whose request made nothing is free again; one whose holder died is free in time', async () => {
    await (await claimed())[Symbol.asyncDispose]();
    expect(await side.connections.commands.keys('*idempotency*')).toEqual([]);
    const claim = await claimed();
    const key = (await side.connections.commands.keys('*idempotency*'))[0] ?? '';
    expect(await side.connections.commands.pttl(key)).toBeGreaterThan(0);
    await claim[Symbol.asyncDispose]();
  });
});
