import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LevyClient, type ReceivedEvent } from '@levy/client';
import { checker, JobEventSchema, JobLogLineSchema } from '@levy/contracts';
import { openConnections } from '@levy/queue';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Bench, PREFIX, silent, until } from '../testing/bench.js';
import { CuttingProxy } from '../testing/cutting-proxy.js';
import { JOB, storeSampleResult } from '../testing/sample-result.js';

const ANNA = 'levy_anna_0123456789abcdef';
const BERTA = 'levy_berta_0123456789abcdef';
const as = (key: string) => ({ authorization: `Bearer ${key}` });

let redis: PrivateRedis;
let bench: Bench;
let levy: LevyClient;
beforeEach(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url, `${ANNA},${BERTA}`);
  levy = new LevyClient({ baseUrl: bench.url, apiKey: ANNA });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const events = checker(JobEventSchema);
const lines = checker(JobLogLineSchema);

/** The text of a stream up to its end, or up to what is looked for. */
async function streamed(path: string, headers: Record<string, string>, wanted?: string): Promise<string> {
  const stop = new AbortController();
  const response = await fetch(bench.url + path, {
    headers: { ...as(ANNA), ...headers },
    signal: stop.signal,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(response.headers.get('cache-control')).toBe('no-store');
  let text = '';
  if (response.body === null) return text;
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString();
    if (wanted !== undefined && text.includes(wanted)) break;
  }
  stop.abort();
  return text;
}

const dataOf = (text: string): unknown[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? ''));
const idsOf = (text: string): number[] =>
  [...text.matchAll(/^id: (\d+)\nevent: /gm)].map((match) => Number(match[1]));

/** A worker whose jobs go through so many phases. */
function slowWorker(phases: number, pause = 30) {
  return bench.worker(async (claim, context) => {
    for (let i = 0; i < phases; i++) {
      context.progress({ fraction: i / phases, phase: `phase ${i}`, done: i, total: phases, unit: 'phases' });
      await sleep(pause);
    }
    return storeSampleResult(bench.datasets, claim.spec);
  });
}

describe('GET /v1/jobs/{id}/events', () => {
  test('tells a job from its beginning to its end, and goes on where one left off', async () => {
    await using _worker = slowWorker(2, 300);
    const job = await levy.submit(JOB);
    const text = await streamed(`/v1/jobs/${job.id}/events`, {});
    const data = dataOf(text);
    for (const each of data) expect(events.faults(each)).toEqual([]);
    expect(data[0]).toEqual({ type: 'status', job: job.id, revision: 1, status: 'queued' });
    expect(data.at(-1)).toMatchObject({ type: 'status', job: job.id, status: 'succeeded' });
    expect(data).toContainEqual(expect.objectContaining({ type: 'log', level: 'info', message: 'phase 1' }));
    expect(data).toContainEqual(expect.objectContaining({ type: 'progress' }));
    expect(idsOf(text)).toEqual(data.map((_, index) => index + 1));

    const last = String(data.length);
    const rest = await streamed(`/v1/jobs/${job.id}/events`, { 'last-event-id': '3' });
    expect(dataOf(rest)).toEqual(data.slice(3));
    const over = await bench.call('GET', `/v1/jobs/${job.id}/events`, {
      headers: { ...as(ANNA), 'last-event-id': last },
    });
    expect([over.status, over.text]).toEqual([204, '']);
    expect((await levy.job(job.id)).links['events']).toBe(`/v1/jobs/${job.id}/events`);
  });

  test('says that it is still there while nothing happens', async () => {
    const job = await levy.submit(JOB);
    const text = await streamed(`/v1/jobs/${job.id}/events`, {}, ': still here\n\n: still here\n\n');
    expect(dataOf(text)).toHaveLength(1);
  });

  test('says where events are no longer kept', async () => {
    const job = await levy.submit(JOB);
    await levy.cancel(job.id);
    const { commands, keys } = await connections();
    await commands.xtrim(keys.jobEvents(job.id), 'MAXLEN', 1);
    const text = await streamed(`/v1/jobs/${job.id}/events`, {});
    expect(dataOf(text)).toMatchObject([{ type: 'gap', job: job.id }, { status: 'canceled' }]);
    expect(text).toContain('event: gap\n');
  });

  test.each(['x', '-1', '1.5', '9'.repeat(20)])('refuses the Last-Event-ID %j', async (id) => {
    const job = await levy.submit(JOB);
    for (const path of [`/v1/jobs/${job.id}/events`, '/v1/events']) {
      const headers = { ...as(ANNA), 'last-event-id': id };
      const answer = await bench.call('GET', path, { headers });
      expect([answer.status, answer.body.errors]).toMatchObject([400, [{ header: 'Last-Event-ID' }]]);
    }
  });

  test('is for the owner only, and cannot be asked for with HEAD', async () => {
    const job = await levy.submit(JOB);
    for (const path of ['events', 'logs']) {
      const answer = await bench.call('GET', `/v1/jobs/${job.id}/${path}`, { headers: as(BERTA) });
      expect([answer.status, answer.body.type]).toEqual([404, '/problems/not-found']);
      expect((await bench.call('GET', `/v1/jobs/job_1/${path}`, { headers: as(ANNA) })).status).toBe(404);
      expect((await bench.call('GET', `/v1/jobs/${job.id}/${path}`)).status).toBe(401);
    }
    expect((await bench.call('HEAD', `/v1/jobs/${job.id}/events`, { headers: as(ANNA) })).status).toBe(405);
  });

  test('ends when the service stops', async () => {
    const job = await levy.submit(JOB);
    const ended = Promise.all([streamed(`/v1/jobs/${job.id}/events`, {}), streamed('/v1/events', {})]);
    await sleep(200);
    const before = performance.now();
    await bench.service[Symbol.asyncDispose]();
    const [text] = await ended;
    expect(performance.now() - before).toBeLessThan(2000);
    expect(dataOf(text)).toHaveLength(1);
  });
});

describe('GET /v1/events', () => {
  test('tells of all own jobs from now on, and of nobody else’s', async () => {
    const before = await levy.submit(JOB);
    const listening = streamed('/v1/events', {}, '"canceled"');
    await sleep(100);
    const job = await levy.submit(JOB);
    await new LevyClient({ baseUrl: bench.url, apiKey: BERTA }).submit(JOB);
    await levy.cancel(job.id);
    const text = await listening;
    expect(dataOf(text)).toMatchObject([
      { job: job.id, status: 'queued' },
      { job: job.id, status: 'canceled' },
    ]);
    expect(text).toMatch(/^retry: \d+\nid: 1\n\n/);
    const all = await streamed('/v1/events', { 'last-event-id': '0' }, '"canceled"');
    expect(dataOf(all)).toMatchObject([{ job: before.id }, { job: job.id }, { job: job.id }]);
  });

  test('cuts off who takes nothing, without holding what is not taken', async () => {
    const { commands, keys } = await connections();
    const count = 9000;
    const message = 'x'.repeat(2000);
    const pipeline = commands.pipeline();
    for (let i = 1; i <= count; i++) {
      const fields = ['job', 'job_1', 'type', 'log', 'level', 'info', 'message', message, 'time', String(i)];
      pipeline.xadd(keys.ownerEvents('anna'), `0-${i}`, ...fields);
    }
    pipeline.set(keys.ownerEventSeq('anna'), count);
    await pipeline.exec();
    await using proxy = await CuttingProxy.open(bench.url);
    const { hostname, port } = new URL(bench.url);
    const client = request({
      hostname,
      port,
      path: '/v1/events',
      headers: { ...as(ANNA), 'last-event-id': '0' },
    }).end();
    const [response] = await once(client, 'response');
    // Reads a little, and then no more.
    response.once('data', () => response.pause());
    const closed = new Promise((resolve) => response.socket.once('close', resolve));
    await sleep(1500);
    response.resume();
    let taken = 0;
    response.on('data', (chunk: Uint8Array) => {
      taken += chunk.byteLength;
    });
    response.on('error', () => {});
    await closed;
    // What the system's buffers held arrives; the rest of the 19 MB was never read from Redis.
    expect(taken).toBeLessThan(count * message.length * 0.8);

    const received: string[] = [];
    const whole = new LevyClient({ baseUrl: proxy.url, apiKey: ANNA });
    for await (const { id } of whole.allEvents({ after: '0' })) {
      received.push(id);
      if (received.length === count) break;
    }
    expect(received).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
  });
});

describe('the client', () => {
  test('sees every event once and in order over connections that are cut', async () => {
    await using proxy = await CuttingProxy.open(bench.url);
    await using _worker = slowWorker(12, 270);
    const job = await levy.submit(JOB);
    proxy.cutAfter = 1500;
    const received: ReceivedEvent[] = [];
    for await (const each of new LevyClient({ baseUrl: proxy.url, apiKey: ANNA }).events(job.id))
      received.push(each);
    expect(proxy.cuts).toBeGreaterThan(1);
    expect(received.map(({ id }) => Number(id))).toEqual(received.map((_, index) => index + 1));
    expect(received.at(-1)?.event).toMatchObject({ type: 'status', status: 'succeeded' });
    proxy.cutAfter = Number.POSITIVE_INFINITY;
    const again: ReceivedEvent[] = [];
    for await (const each of levy.events(job.id)) again.push(each);
    expect(again).toEqual(received);
    for await (const each of levy.events(job.id, { after: received.at(-1)?.id }))
      throw new Error(`too much: ${each.id}`);
  });

  test('waits for a service that restarts, and gives up one that stays away', async () => {
    await using proxy = await CuttingProxy.open(bench.url);
    const client = new LevyClient({ baseUrl: proxy.url, apiKey: ANNA });
    const job = await levy.submit(JOB);
    const following = client.events(job.id);
    expect((await following.next()).value).toMatchObject({ id: '1' });
    const next = following.next();
    proxy.cut();
    await levy.cancel(job.id);
    expect((await next).value).toMatchObject({ id: '2', event: { status: 'canceled' } });
    expect((await following.next()).done).toBe(true);

    const impatient = client.allEvents({ patienceSeconds: 0 });
    const lost = impatient.next();
    await until('the connection', async () => proxy.bytes > 0);
    await proxy[Symbol.asyncDispose]();
    await expect(lost).rejects.toMatchObject({ name: 'LevyUnreachable' });
  });

  test('ends when it is aborted, and tells apart what is refused', async () => {
    const stop = new AbortController();
    const waiting = levy.allEvents({ signal: stop.signal }).next();
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 100);
    await expect(waiting).rejects.toBe(reason);
    await expect(levy.events('job_1').next()).rejects.toMatchObject({ name: 'LevyProblem', status: 404 });
  });
});

test('GET /v1/jobs/{id}/logs answers a line for every attempt, phase and fault', async () => {
  await using _worker = slowWorker(2, 300);
  const job = await levy.submit(JOB, { waitSeconds: 10 });
  const answer = await bench.call('GET', `/v1/jobs/${job.id}/logs`, { headers: as(ANNA) });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson\b/);
  const told = answer.text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  for (const line of told) expect(lines.faults(line)).toEqual([]);
  expect(told.map((line) => lines.fits(line) && line.message)).toEqual([
    'attempt 1 started by wrk_test',
    'phase 0',
    'phase 1',
    'attempt 1 succeeded',
  ]);
  expect(await levy.logs(job.id)).toEqual(told);
  const waiting = await levy.submit(JOB);
  expect(await levy.logs(waiting.id)).toEqual(expect.any(Array));
});

let opened: ReturnType<typeof openConnections> | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** Redis, past the service. */
async function connections() {
  opened = openConnections({ url: redis.url, prefix: PREFIX, role: 'worker', logger: silent });
  const own = opened;
  await until('Redis', async () => own.ready);
  return own;
}
