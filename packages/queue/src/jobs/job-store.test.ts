import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../testing/private-redis.js';
import { accepted, openSide, type Side, until, untilStatus } from '../testing/process.js';
import { sampleOutcome, sampleSpec } from '../testing/samples.js';
import { bodyDigest } from './job-store.js';

let redis: PrivateRedis;
let side: Side;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  side = openSide(redis.url, 'producer');
  await until('Redis', async () => side.connections.ready);
  await side.connections.commands.flushall();
});
afterEach(() => side[Symbol.asyncDispose]());

describe('submit', () => {
  test('writes a record that reads back whole', async () => {
    const spec = sampleSpec({ tags: ['a', 'b'], expireSeconds: 60 });
    const job = await accepted(side, spec);
    expect(job).toMatchObject({ status: 'queued', revision: 1, owner: 'anna', engine: 'wasm', attempts: [] });
    expect(job.spec).toEqual(spec);
    expect(job.id).toMatch(/^job_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(Math.abs(Date.parse(job.createdAt) - Date.now())).toBeLessThan(60_000);
    expect(await side.jobs.get(job.id, 'berta')).toBeUndefined();
  });

  test('twenty at once with one key make one job', async () => {
    const idempotency = { key: 'k', bodyDigest: bodyDigest('{}') };
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna', idempotency }),
      ),
    );
    const ids = new Set(all.map((one) => (one.outcome === 'accepted' ? one.job.id : one.outcome)));
    expect(ids.size).toBe(1);
    expect(all.filter((one) => one.outcome === 'accepted' && !one.replayed)).toHaveLength(1);
    expect((await side.registry.queueState()).engines[0]?.waiting).toBe(1);
  });

  test('a key belongs to its owner and its body, and outlives its job', async () => {
    const idempotency = { key: 'k', bodyDigest: bodyDigest('1') };
    const first = await side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna', idempotency });
    const other = await side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'berta', idempotency });
    if (first.outcome !== 'accepted' || other.outcome !== 'accepted') throw new Error('not accepted');
    expect(other.replayed).toBe(false);
    const changed = { key: 'k', bodyDigest: bodyDigest('2') };
    expect(
      await side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna', idempotency: changed }),
    ).toEqual({
      outcome: 'mismatch',
      jobId: first.job.id,
    });
    expect(await side.jobs.findReplay('anna', changed)).toEqual({ outcome: 'mismatch', jobId: first.job.id });
    expect(await side.jobs.findReplay('anna', { key: 'new', bodyDigest: 'x' })).toBeUndefined();

    await side.jobs.cancel(first.job.id);
    expect(await side.jobs.delete(first.job.id)).toBe('deleted');
    expect(
      await side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna', idempotency }),
    ).toEqual({
      outcome: 'deleted',
      jobId: first.job.id,
    });
    const [key] = await side.connections.commands.keys('*idempotency:anna*');
    const left = await side.connections.commands.pttl(key ?? '');
    expect(left).toBeGreaterThan(23 * 3600 * 1000);
    expect(left).toBeLessThanOrEqual(24 * 3600 * 1000);
  });
});

describe('list', () => {
  test('goes through pages from the newest without gaps or repeats', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) ids.push((await accepted(side, sampleSpec())).id);
    await accepted(side, sampleSpec(), { owner: 'berta' });
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await side.jobs.list({ owner: 'anna', limit: 3, ...(after ? { after } : {}) });
      seen.push(...page.jobs.map((job) => job.id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(ids.toReversed());
  });

  test('narrows by every filter; values of one field are alternatives', async () => {
    const one = await accepted(side, sampleSpec({ dataset: 'mnist', tags: ['x', 'y'] }));
    await sleep(3);
    const two = await accepted(side, sampleSpec({ metric: 'l2', tags: ['y.z'] }));
    await side.jobs.cancel(two.id);
    const ids = async (filters: NonNullable<Parameters<typeof side.jobs.list>[0]['filters']>) =>
      (await side.jobs.list({ owner: 'anna', limit: 10, filters })).jobs.map((job) => job.id);
    expect(await ids({ dataset: ['mnist'] })).toEqual([one.id]);
    expect(await ids({ metric: ['l2', 'linf'] })).toEqual([two.id, one.id]);
    expect(await ids({ status: ['canceled'] })).toEqual([two.id]);
    expect(await ids({ status: ['queued'], metric: ['l2'] })).toEqual([]);
    expect(await ids({ tag: ['y'] })).toEqual([one.id]);
    expect(await ids({ tag: ['y', 'y.z'] })).toEqual([two.id, one.id]);
    expect(await ids({ sweep: ['swp_none'] })).toEqual([]);
    expect(await ids({ method: ['axis'] })).toEqual([two.id, one.id]);
    expect(await ids({ createdAfter: new Date(one.createdAt) })).toEqual([two.id]);
    expect(await ids({ createdAfter: new Date(Date.parse(one.createdAt) - 1) })).toHaveLength(2);
  });

  test('finds a rare job among more than one scan looks at', async () => {
    const rare = await accepted(side, sampleSpec({ tags: ['rare'] }));
    await Promise.all(Array.from({ length: 1100 }, () => accepted(side, sampleSpec())));
    const page = await side.jobs.list({ owner: 'anna', limit: 5, filters: { tag: ['rare'] } });
    expect(page.jobs.map((job) => job.id)).toEqual([rare.id]);
    expect(page.next).toBeUndefined();
  });
});

describe('cancel and delete', () => {
  test('a queued job is canceled at once and nobody runs it', async () => {
    const job = await accepted(side, sampleSpec());
    expect(await side.jobs.delete(job.id)).toBe('not-final');
    expect(await side.jobs.cancel(job.id, 'berta')).toEqual({ outcome: 'missing' });
    expect(await side.jobs.cancel(job.id)).toMatchObject({
      outcome: 'canceled',
      job: { status: 'canceled' },
    });
    expect(await side.jobs.cancel(job.id)).toMatchObject({ outcome: 'final', job: { revision: 2 } });
    await using worker = openSide(redis.url, 'worker');
    const ran: string[] = [];
    worker.consume({
      handle: async (claim) => {
        ran.push(claim.jobId);
        return sampleOutcome();
      },
    });
    const next = await accepted(side, sampleSpec());
    await untilStatus(side, next.id, 'succeeded');
    expect(ran).toEqual([next.id]);
    expect(await side.jobs.delete(job.id)).toBe('deleted');
    expect(await side.jobs.delete(job.id)).toBe('missing');
    expect(await side.jobs.get(job.id)).toBeUndefined();
  });
});

describe('waitForChange', () => {
  test('answers at the first change, at the end, when the time is over, when the job goes', async () => {
    const job = await accepted(side, sampleSpec());
    const changed = side.jobs.waitForChange(job.id, { revision: 1, timeoutMs: 10_000 });
    const final = side.jobs.waitForChange(job.id, { timeoutMs: 10_000 });
    expect((await side.jobs.waitForChange(job.id, { revision: 1, timeoutMs: 30 }))?.revision).toBe(1);
    await side.jobs.cancel(job.id);
    expect(await changed).toMatchObject({ revision: 2, status: 'canceled' });
    expect(await final).toMatchObject({ status: 'canceled' });
    expect(await side.jobs.waitForChange('job_none', { timeoutMs: 10_000 })).toBeUndefined();
  });

  test('rejects when its signal aborts', async () => {
    const job = await accepted(side, sampleSpec());
    const abort = new AbortController();
    const waiting = side.jobs.waitForChange(job.id, { timeoutMs: 10_000, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(waiting).rejects.toThrow('enough');
  });
});
