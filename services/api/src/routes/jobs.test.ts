import { setTimeout as sleep } from 'node:timers/promises';
import { checker, JobListItemSchema, JobSchema, PlanSummarySchema, QueueStateSchema } from '@levy/contracts';
import { TaskError } from '@levy/queue';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, Bench, until } from '../testing/bench.js';
import { JOB, storeSampleResult } from '../testing/sample-result.js';

let redis: PrivateRedis;
let bench: Bench;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  bench = await Bench.open(redis.url);
});
afterEach(() => bench[Symbol.asyncDispose]());

const jobs = checker(JobSchema);
const items = checker(JobListItemSchema);

async function submitted(body: object = JOB, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await bench.call('POST', '/v1/jobs', { body, headers });
  expect(answer.status).toBe(202);
  expect(jobs.faults(answer.body)).toEqual([]);
  return answer;
}

function untilStatus(id: string, status: string): Promise<Answer> {
  return until(`${id} to be ${status}`, async () => {
    const answer = await bench.call('GET', `/v1/jobs/${id}`);
    return answer.body.status === status && answer;
  });
}

describe('POST /v1/jobs', () => {
  test('accepts a job with its defaults filled in and tells where it is', async () => {
    const { body, headers } = await submitted();
    expect(body).toMatchObject({
      status: 'queued',
      spec: { ...JOB, epsilon: 0.125, epsilonExact: '1/8', protocol: 'holdout', seed: 0, engine: 'auto' },
      attempts: [],
      waitingFor: 'wasm',
    });
    expect(body.spec.datasetDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(body.links).toMatchObject({ self: `/v1/jobs/${body.id}`, cancel: `/v1/jobs/${body.id}/cancel` });
    expect(headers.get('location')).toBe(`/v1/jobs/${body.id}`);
    expect(headers.get('etag')).toMatch(/^".+"$/);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  test('dryRun answers the plan and accepts nothing', async () => {
    const before = (await bench.call('GET', '/v1/jobs')).body.data.length;
    const { status, body } = await bench.call('POST', '/v1/jobs?dryRun=true', { body: JOB });
    expect(status).toBe(200);
    expect(checker(PlanSummarySchema).faults(body)).toEqual([]);
    expect(body.steps.length).toBeGreaterThan(0);
    expect((await bench.call('GET', '/v1/jobs')).body.data).toHaveLength(before);
  });

  test('a half-space is accepted under both metrics', async () => {
    for (const metric of ['linf', 'l2']) {
      const body = { dataset: JOB.dataset, metric, epsilon: '1/8', alpha: 0.05, method: 'halfspace' };
      const plan = await bench.call('POST', '/v1/jobs?dryRun=true', { body });
      expect(plan.status).toBe(200);
      expect(plan.body.steps.map(({ name }: { name: string }) => name)).toContain('components');
    }
  });

  test('twenty at once with one Idempotency-Key make one job; another body is refused', async () => {
    const headers = { 'idempotency-key': 'the same' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => bench.call('POST', '/v1/jobs', { body: JOB, headers })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter((each) => each.headers.get('idempotency-replayed') === 'true')).toHaveLength(19);

    const reordered = JSON.stringify(Object.fromEntries(Object.entries(JOB).reverse()), undefined, 2);
    const again = await bench.call('POST', '/v1/jobs', { raw: reordered, headers });
    expect([again.body.id, again.headers.get('idempotency-replayed')]).toEqual([answers[0]?.body.id, 'true']);

    const other = await bench.call('POST', '/v1/jobs', { body: { ...JOB, seed: 1 }, headers });
    expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency-mismatch']);
    // Faults of the second body do not matter: it is not the first one.
    const faulty = await bench.call('POST', '/v1/jobs', { body: { alpha: 7 }, headers });
    expect(faulty.body.type).toBe('/problems/idempotency-mismatch');
  });

  test('Prefer: wait answers 200 when the job finished in time, else 202', async () => {
    await using _worker = bench.worker((claim) => storeSampleResult(bench.datasets, claim.spec));
    const done = await bench.call('POST', '/v1/jobs', { body: JOB, headers: { prefer: 'wait=20' } });
    expect([done.status, done.headers.get('preference-applied')]).toEqual([200, 'wait=20']);
    expect(done.body).toMatchObject({ status: 'succeeded', estimate: { best: { test: { advRisk: 0.25 } } } });
    expect(done.headers.get('retry-after')).toBeNull();
    const gpu = await bench.call('POST', '/v1/jobs', {
      body: { ...JOB, engine: 'gpu' },
      headers: { prefer: 'respond-async, wait=1' },
    });
    expect([gpu.status, gpu.body.status, gpu.body.waitingFor]).toEqual([202, 'queued', 'gpu']);
    const asked = await bench.call('POST', '/v1/jobs', { body: JOB, headers: { prefer: 'wait=soon' } });
    expect([asked.status, asked.headers.get('preference-applied')]).toEqual([202, null]);
  });
});

describe('GET /v1/jobs/{id}', () => {
  test('answers 304 while nothing changed', async () => {
    const { id } = (await submitted()).body;
    const first = await bench.call('GET', `/v1/jobs/${id}`);
    const etag = first.headers.get('etag') ?? '';
    const unchanged = await bench.call('GET', `/v1/jobs/${id}`, {
      headers: { 'if-none-match': `"x", W/${etag}` },
    });
    expect([unchanged.status, unchanged.text, unchanged.headers.get('etag')]).toEqual([304, '', etag]);
    const head = await bench.call('HEAD', `/v1/jobs/${id}`);
    expect(head.headers.get('etag')).toBe(etag);
    await bench.call('POST', `/v1/jobs/${id}/cancel`);
    const changed = await bench.call('GET', `/v1/jobs/${id}`, { headers: { 'if-none-match': etag } });
    expect([changed.status, changed.body.status]).toEqual([200, 'canceled']);
  });

  test('stops waiting for a worker that has come, and its ETag with it', async () => {
    const { body, headers } = await submitted({ ...JOB, expireSeconds: 86_400 });
    expect(body.waitingFor).toBe('wasm');
    let finish: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using _worker = bench.worker(async (claim) => {
      await held;
      return storeSampleResult(bench.datasets, claim.spec);
    });
    const second = await submitted();
    const seen = await until('the worker to be seen', async () => {
      const answer = await bench.call('GET', `/v1/jobs/${second.body.id}`);
      return answer.body.waitingFor === undefined && answer;
    });
    expect(seen.headers.get('etag')).not.toBe(headers.get('etag'));
    finish();
    await untilStatus(second.body.id, 'succeeded');
  });

  test('holds the answer until the job is final, or with If-None-Match until it changes', async () => {
    const { id } = (await submitted()).body;
    const etag = (await bench.call('GET', `/v1/jobs/${id}`)).headers.get('etag') ?? '';
    const headers = { 'if-none-match': etag };
    expect((await bench.call('GET', `/v1/jobs/${id}?wait=1`, { headers })).status).toBe(304);
    const atEnd = bench.call('GET', `/v1/jobs/${id}?wait=30`);
    const atChange = bench.call('GET', `/v1/jobs/${id}?wait=30`, { headers });
    const stale = await bench.call('GET', `/v1/jobs/${id}?wait=30`, { headers: { 'if-none-match': '"0"' } });
    expect(stale.body.status).toBe('queued');
    let finish: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using _worker = bench.worker(async (claim) => {
      await held;
      return storeSampleResult(bench.datasets, claim.spec);
    });
    expect((await atChange).body.status).toBe('running');
    finish();
    expect((await atEnd).body.status).toBe('succeeded');
  });

  test('tells how a job failed', async () => {
    await using _worker = bench.worker(async () => {
      throw new TaskError('memory', 'it needs 9 TB');
    });
    const { id } = (await submitted()).body;
    const { body } = await untilStatus(id, 'failed');
    expect(jobs.faults(body)).toEqual([]);
    expect(body.error).toEqual({ kind: 'memory', detail: 'it needs 9 TB', retryable: false });
  });
});

describe('cancel and DELETE', () => {
  test('a queued job: 200, then unchanged; then it can be forgotten', async () => {
    const { id } = (await submitted()).body;
    const early = await bench.call('DELETE', `/v1/jobs/${id}`);
    expect([early.status, early.body.type]).toEqual([409, '/problems/not-final']);
    const canceled = await bench.call('POST', `/v1/jobs/${id}/cancel`);
    expect([canceled.status, canceled.body.status]).toEqual([200, 'canceled']);
    const again = await bench.call('POST', `/v1/jobs/${id}/cancel`, { body: {} });
    expect([again.status, again.headers.get('etag')]).toEqual([200, canceled.headers.get('etag')]);
    expect((await bench.call('DELETE', `/v1/jobs/${id}`)).status).toBe(204);
    expect((await bench.call('DELETE', `/v1/jobs/${id}`)).status).toBe(404);
  });

  test('a running job: 202 while it is canceling', async () => {
    await using _worker = bench.worker(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 300));
        }),
    );
    const { id } = (await submitted()).body;
    await untilStatus(id, 'running');
    const first = await bench.call('POST', `/v1/jobs/${id}/cancel`);
    expect([first.status, first.body.status]).toEqual([202, 'canceling']);
    await untilStatus(id, 'canceled');
  });
});

describe('GET /v1/jobs', () => {
  test('goes through the pages, newest first, by cursor and by Link', async () => {
    const tag = 'paged';
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.unshift((await submitted({ ...JOB, tags: [tag] })).body.id);
    const first = await bench.call('GET', `/v1/jobs?limit=2&tag=${tag}`);
    expect(first.body.data.flatMap((job: unknown) => items.faults(job))).toEqual([]);
    expect(first.headers.get('link')).toMatch(/^<\/v1\/jobs\?.*cursor=.*>; rel="next"$/);
    const seen: string[] = first.body.data.map((job: { id: string }) => job.id);
    let next = /<(.*)>/.exec(first.headers.get('link') ?? '')?.[1];
    while (next !== undefined) {
      const page = await bench.call('GET', next);
      seen.push(...page.body.data.map((job: { id: string }) => job.id));
      next = /<(.*)>/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(ids);
    const { nextCursor } = first.body;
    const elsewhere = await bench.call('GET', `/v1/jobs?cursor=${nextCursor}`);
    expect([elsewhere.status, elsewhere.body.type]).toEqual([400, '/problems/invalid-cursor']);
    const bent = `${nextCursor.slice(0, -2)}AA`;
    expect((await bench.call('GET', `/v1/jobs?tag=${tag}&cursor=${bent}`)).status).toBe(400);
  });

  test('narrows by filters that may repeat, and shows best.test of an estimate only', async () => {
    await using _worker = bench.worker((claim) => storeSampleResult(bench.datasets, claim.spec));
    const start = new Date(Date.now() - 1).toISOString();
    const one = await submitted({ ...JOB, tags: ['f1'] });
    const two = await submitted({ ...JOB, metric: 'l2', tags: ['f2'] });
    await untilStatus(one.body.id, 'succeeded');
    await untilStatus(two.body.id, 'succeeded');
    const ids = async (query: string) =>
      (await bench.call('GET', `/v1/jobs?${query}`)).body.data.map((job: { id: string }) => job.id);
    expect(await ids('tag=f1')).toEqual([one.body.id]);
    expect(await ids('tag=f1&tag=f2')).toEqual([two.body.id, one.body.id]);
    expect(await ids('tag=f1&tag=f2&metric=l2&status=succeeded&status=failed&method=axis')).toEqual([
      two.body.id,
    ]);
    expect(await ids(`createdAfter=${start}&dataset=digits&tag=f1`)).toEqual([one.body.id]);
    expect(await ids(`createdAfter=${encodeURIComponent('2999-01-01T00:00:00+01:00')}`)).toEqual([]);
    const [item] = (await bench.call('GET', '/v1/jobs?tag=f1')).body.data;
    expect(items.faults(item)).toEqual([]);
    expect(item.estimate).toEqual({ best: { test: { n: 100, risk: 0.05, advRisk: 0.25 } } });
  });
});

describe('workers and the queue', () => {
  test('are told by engine class', async () => {
    await redis.restart();
    await until('Redis', async () => (await bench.call('GET', '/readyz')).status === 200);
    await using _worker = bench.worker(() => new Promise(() => {}));
    const workers = await until('a worker', async () => {
      const answer = await bench.call('GET', '/v1/workers');
      return answer.body.data.length === 1 && answer.body.data;
    });
    expect(workers).toMatchObject([{ id: 'wrk_test', engine: 'wasm', device: 'cpu', threads: 3 }]);
    const { body } = await bench.call('GET', '/v1/queue');
    expect(checker(QueueStateSchema).faults(body)).toEqual([]);
    const wasm = body.engines.find((each: { engine: string }) => each.engine === 'wasm');
    expect(wasm.workers).toBe(1);
    expect((await bench.call('GET', '/readyz')).body.workers).toEqual({ wasm: 1, gpu: 0 });
    expect((await bench.call('GET', '/metrics')).text).toContain('levy_workers{engine="wasm"} 1');
  });
});

test('a client that leaves a long poll leaves nothing behind', async () => {
  const { id } = (await submitted({ ...JOB, engine: 'gpu' })).body;
  const abort = new AbortController();
  const poll = bench.call('GET', `/v1/jobs/${id}?wait=60`, { signal: abort.signal });
  await sleep(100);
  abort.abort();
  await expect(poll).rejects.toThrow();
  expect((await bench.call('GET', '/livez')).status).toBe(200);
});
