import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from '../testing/bench.js';
import { JOB } from '../testing/sample-result.js';
import { parseApiKeys } from './api-keys.js';

const ANNA = 'levy_anna_0123456789abcdef';
const BERTA = 'levy_berta_fedcba9876543210_x';
const anna = { authorization: `Bearer ${ANNA}` };
const berta = { authorization: `bearer ${BERTA}` };

let redis: PrivateRedis;
let bench: Bench;
beforeAll(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url, `${ANNA}, ${BERTA}`);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

test.each([
  ['GET', '/v1/jobs'],
  ['GET', '/v1/jobs?limit=-1'],
  ['GET', '/v1/jobs/job_1'],
  ['GET', '/v1/nope'],
  ['PUT', '/v1/jobs'],
  ['OPTIONS', '/v1/jobs'],
  ['POST', '/v1/jobs/x/cancel'],
  ['GET', '/v1/datasets'],
  ['GET', '/v1/workers'],
  ['GET', '/v1/queue'],
  ['GET', '/%761/queue'],
])('%s %s needs a key before anything else is looked at', async (method, path) => {
  const wrong = `Bearer ${ANNA.slice(0, -1)}x`;
  for (const authorization of [undefined, wrong, `Basic ${ANNA}`, ANNA, 'Bearer', 'Bearer levy_anna_']) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await bench.call(method, path, { headers });
    expect([answer.status, answer.body.type]).toEqual([401, '/problems/unauthorized']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.text).not.toContain('0123456789abcdef');
  }
});

test('bodies are not looked at either', async () => {
  for (const raw of ['{', '{"alpha":7}', 'x'.repeat(2_000_000)]) {
    expect((await bench.call('POST', '/v1/jobs', { raw })).status).toBe(401);
  }
});

test.each(['/livez', '/readyz', '/metrics', '/openapi.json', '/problems', '/problems/unauthorized', '/docs'])(
  '%s is open',
  async (path) => {
    expect((await bench.call('GET', path)).status).toBe(200);
  },
);

test('an owner sees only what is its own', async () => {
  const headers = { ...anna, 'idempotency-key': 'k' };
  const { body } = await bench.call('POST', '/v1/jobs', { body: JOB, headers });
  const other = await bench.call('POST', '/v1/jobs', {
    body: JOB,
    headers: { ...berta, 'idempotency-key': 'k' },
  });
  expect(other.body.id).not.toBe(body.id);
  const list = async (as: Record<string, string>) =>
    (await bench.call('GET', '/v1/jobs', { headers: as })).body.data.map((job: { id: string }) => job.id);
  expect(await list(anna)).toEqual([body.id]);
  expect(await list(berta)).toEqual([other.body.id]);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/result'],
    ['GET', '/artifacts/region.npz'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const) {
    expect((await bench.call(method, `/v1/jobs/${body.id}${path}`, { headers: berta })).status).toBe(404);
  }
  expect((await bench.call('GET', `/v1/jobs/${body.id}`, { headers: anna })).body.status).toBe('queued');
});

test('a cursor is of its owner', async () => {
  for (let index = 0; index < 2; index++) await bench.call('POST', '/v1/jobs', { body: JOB, headers: anna });
  const { nextCursor } = (await bench.call('GET', '/v1/jobs?limit=1', { headers: anna })).body;
  const stolen = await bench.call('GET', `/v1/jobs?limit=1&cursor=${nextCursor}`, { headers: berta });
  expect(stolen.body.type).toBe('/problems/invalid-cursor');
});

test('keys that cannot be used are all named, without their secrets', () => {
  const { keys, faults } = parseApiKeys(`nonsense,levy_a_short,${ANNA},levy_anna_anothersecret0000, ,`);
  expect(keys.map((key) => key.id)).toEqual(['anna']);
  expect(faults).toHaveLength(3);
  expect(faults.join()).not.toMatch(/nonsense|short\b(?!er)|anothersecret/);
});
