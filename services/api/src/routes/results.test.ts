import { checker, ResultSchema } from '@levy/contracts';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from '../testing/bench.js';
import { JOB, storeSampleResult } from '../testing/sample-result.js';

let redis: PrivateRedis;
let bench: Bench;
let id: string;
beforeAll(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url);
  await using _worker = bench.worker((claim) => storeSampleResult(bench.datasets, claim.spec));
  const done = await bench.call('POST', '/v1/jobs', { body: JOB, headers: { prefer: 'wait=30' } });
  expect(done.body.status).toBe('succeeded');
  id = done.body.id;
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const FILE = '0123456789';

test('a job that succeeded links to its result and its files', async () => {
  const { links } = (await bench.call('GET', `/v1/jobs/${id}`)).body;
  expect(links.result).toBe(`/v1/jobs/${id}/result`);
  expect(links['region.npz']).toBe(`/v1/jobs/${id}/artifacts/region.npz`);
  expect(links.cancel).toBeUndefined();
});

describe('the result', () => {
  test('is whole, immutable, and its files have addresses', async () => {
    const { body, headers } = await bench.call('GET', `/v1/jobs/${id}/result`);
    expect(checker(ResultSchema).faults(body)).toEqual([]);
    expect(headers.get('cache-control')).toContain('immutable');
    const [artifact] = body.artifacts;
    expect((await bench.call('GET', artifact.href)).text).toBe(FILE);
    const etag = headers.get('etag') ?? '';
    const again = await bench.call('GET', `/v1/jobs/${id}/result`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  test('is there once the job succeeded and not before', async () => {
    const queued = await bench.call('POST', '/v1/jobs', { body: { ...JOB, engine: 'gpu' } });
    for (const path of ['result', 'artifacts/region.npz']) {
      const answer = await bench.call('GET', `/v1/jobs/${queued.body.id}/${path}`);
      expect([answer.status, answer.body.type]).toEqual([409, '/problems/not-succeeded']);
    }
  });
});

describe('a file', () => {
  const path = () => `/v1/jobs/${id}/artifacts/region.npz`;

  test('comes with its length, type, name and ETag', async () => {
    const { headers, text, status } = await bench.call('GET', path());
    expect([status, text]).toEqual([200, FILE]);
    expect(headers.get('content-length')).toBe('10');
    expect(headers.get('content-type')).toBe('application/zip');
    expect(headers.get('content-disposition')).toBe('attachment; filename="region.npz"');
    expect(headers.get('accept-ranges')).toBe('bytes');
    const etag = headers.get('etag') ?? '';
    expect((await bench.call('GET', path(), { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await bench.call('HEAD', path());
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, '10', '']);
  });

  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=9-100', 206, '9', 'bytes 9-9/10'],
    ['bytes=-100', 206, FILE, 'bytes 0-9/10'],
    ['bytes=5-2', 200, FILE, null],
    ['bytes=0-1,4-5', 200, FILE, null],
    ['rows=0-1', 200, FILE, null],
    ['bytes=-', 200, FILE, null],
  ])('in part: Range %s', async (range, status, text, contentRange) => {
    const answer = await bench.call('GET', path(), { headers: { range } });
    expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test('not beyond its end', async () => {
    const answer = await bench.call('GET', path(), { headers: { range: 'bytes=10-' } });
    expect([answer.status, answer.body.type]).toEqual([416, '/problems/range-not-satisfiable']);
    expect(answer.headers.get('content-range')).toBe('bytes */10');
  });

  test('a range only of the version that is known', async () => {
    const headers = { range: 'bytes=0-3', 'if-range': '"another"' };
    expect((await bench.call('GET', path(), { headers })).status).toBe(200);
  });

  test('of another name is not there', async () => {
    const answer = await bench.call('GET', `/v1/jobs/${id}/artifacts/..%2f..%2fetc%2fpasswd`);
    expect(answer.status).toBe(404);
    expect(answer.body.detail).toContain('region.npz');
  });
});

test('bytes that are no longer there are our fault, and say so', async () => {
  const etag = (await bench.call('GET', `/v1/jobs/${id}/result`)).headers.get('etag') ?? '';
  await bench.datasets.blobs.delete(etag.replaceAll('"', ''));
  const answer = await bench.call('GET', `/v1/jobs/${id}/result`);
  expect([answer.status, answer.body.type]).toEqual([500, '/problems/internal']);
});
