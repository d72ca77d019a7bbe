import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPrivateRedis } from '@levy/queue/testing';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from './openapi/openapi-document.js';
import { Bench, until } from './testing/bench.js';
import { JOB, storeSampleResult } from './testing/sample-result.js';

describe('Redis', () => {
  test('lost: problems at once, the process lives, and it recovers by itself', async () => {
    await using redis = await startPrivateRedis();
    await using bench = await Bench.open(redis.url);
    const accepted = await bench.call('POST', '/v1/jobs', { body: JOB });
    const held = bench.call('GET', `/v1/jobs/${accepted.body.id}?wait=60`);
    await sleep(50);
    await redis.kill();
    for (const [method, path, body] of [
      ['POST', '/v1/jobs', JOB],
      ['GET', '/v1/jobs', undefined],
      ['GET', `/v1/jobs/${accepted.body.id}`, undefined],
      ['POST', `/v1/jobs/${accepted.body.id}/cancel`, undefined],
      ['GET', '/v1/workers', undefined],
      ['GET', '/v1/queue', undefined],
      ['GET', '/readyz', undefined],
    ] as const) {
      const answer = await bench.call(method, path, body === undefined ? {} : { body });
      expect([path, answer.status, answer.body.type]).toEqual([path, 503, '/problems/queue-unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await held).status).toBe(503);
    expect((await bench.call('GET', '/livez')).status).toBe(200);
    expect((await bench.call('GET', '/v1/datasets')).status).toBe(200);
    expect((await bench.call('POST', '/v1/jobs?dryRun=true', { body: JOB })).status).toBe(200);
    expect((await bench.call('GET', '/metrics')).text).toContain('levy_redis_up 0');

    await redis.restart();
    await until('recovery', async () => (await bench.call('GET', '/readyz')).status === 200);
    await using _worker = bench.worker((claim) => storeSampleResult(bench.datasets, claim.spec));
    const done = await bench.call('GET', `/v1/jobs/${accepted.body.id}?wait=30`);
    expect(done.body.status).toBe('succeeded');
    const headers = { prefer: 'wait=30' };
    expect((await bench.call('POST', '/v1/jobs', { body: JOB, headers })).status).toBe(200);
  });

  test('that is not append-only is told as not durable', async () => {
    await using redis = await startPrivateRedis(['--appendonly', 'no']);
    await using bench = await Bench.open(redis.url);
    expect((await bench.call('GET', '/readyz')).body).toMatchObject({ status: 'ready', durable: false });
  });
});

describe('stopping', () => {
  test('answers long polls at once with the job as it is', async () => {
    await using redis = await startPrivateRedis();
    await using bench = await Bench.open(redis.url);
    const { body } = await bench.call('POST', '/v1/jobs', { body: JOB });
    const held = bench.call('GET', `/v1/jobs/${body.id}?wait=60`);
    await sleep(100);
    await bench.service[Symbol.asyncDispose]();
    const answer = await held;
    expect([answer.status, answer.body.status]).toEqual([200, 'queued']);
  });
});

test('stopping does not wait for connections over which nothing was asked yet', async () => {
  await using redis = await startPrivateRedis();
  await using bench = await Bench.open(redis.url);
  const { hostname, port } = new URL(bench.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  await bench.call('GET', '/livez');
  const before = performance.now();
  await bench.service[Symbol.asyncDispose]();
  expect(performance.now() - before).toBeLessThan(2000);
  socket.destroy();
});

describe('the description', () => {
  test('is the committed one; `pnpm --filter @levy/api run openapi` writes it anew', async () => {
    const committed = await readFile(new URL('../openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(await openApiDocument())).toEqual(JSON.parse(committed));
  });

  test('is OpenAPI 3.1, and every problem that a route may answer is in it', async () => {
    await using redis = await startPrivateRedis();
    await using bench = await Bench.open(redis.url);
    const { body } = await bench.call('GET', '/openapi.json');
    expect(body.openapi).toMatch(/^3\.1\./);
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(body.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        expect([path, method, Object.keys(responses)]).toEqual([
          path,
          method,
          expect.arrayContaining(['4XX', '5XX']),
        ]);
      }
    }
    for (const reference of JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(body.components.schemas)).toContain(reference[1]);
    }
    const viewer = await bench.call('GET', '/docs');
    expect([viewer.status, viewer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await bench.call('GET', '/docs/static/swagger-ui.css')).status).toBe(200);
  });

  test('every type of problem leads to a page', async () => {
    await using redis = await startPrivateRedis();
    await using bench = await Bench.open(redis.url);
    const list = await bench.call('GET', '/problems');
    const pages = [...list.text.matchAll(/href="(\/problems\/[a-z-]+)"/g)].map((match) => match[1] ?? '');
    expect(pages.length).toBeGreaterThan(10);
    for (const page of pages) {
      const answer = await bench.call('GET', page);
      expect([page, answer.status, answer.headers.get('content-type')]).toEqual([
        page,
        200,
        'text/html; charset=utf-8',
      ]);
    }
  });
});
