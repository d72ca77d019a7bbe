import { checker, ProblemSchema } from '@levy/contracts';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Bench } from '../testing/bench.js';
import { JOB } from '../testing/sample-result.js';

let redis: PrivateRedis;
let bench: Bench;
beforeAll(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url);
  const rows = Uint8Array.from({ length: 60 * 16 }, (_, index) => (index * 37) % 256);
  await bench.datasets.add(
    { train: { rows }, test: { rows: rows.subarray(0, 320) } },
    { name: 'images', dtype: 'u1', scale: 255, shape: [4, 4], valueRange: { low: 0, high: 1 } },
  );
  const softLabels = Float64Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? 0.75 : 0.25));
  await bench.datasets.add(
    { train: { rows, softLabels }, test: { rows: rows.subarray(0, 320) } },
    { name: 'doubt', dtype: 'u1', scale: 255, shape: [4, 4], valueRange: { low: 0, high: 1 } },
  );
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const problems = checker(ProblemSchema);

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problems.faults(answer.body)).toEqual([]);
  expect({ status: answer.status, type: answer.body.type }).toEqual({ status, type: `/problems/${code}` });
  expect(answer.body.status).toBe(status);
  expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
}

const places = (answer: Answer): string[] =>
  (answer.body.errors ?? []).map(
    (error: { pointer?: string; parameter?: string; header?: string }) =>
      error.pointer ?? error.parameter ?? error.header,
  );

const rectangles = { dataset: 'digits', metric: 'linf', epsilon: 0.1, alpha: 0.05, T: 5 };

describe('a job is refused, and where', () => {
  test.each([
    ['an unknown field', { ...rectangles, eps: 1 }, '#/eps'],
    ['epsilon -1', { ...rectangles, epsilon: -1 }, '#/epsilon'],
    ['epsilon "8/0"', { ...rectangles, epsilon: '8/0' }, '#/epsilon'],
    ['epsilon 1e400', '{"dataset":"digits","metric":"linf","epsilon":1e400,"alpha":0.05,"T":5}', '#/epsilon'],
    ['epsilon 8 on images', { ...rectangles, dataset: 'images', epsilon: 8, neighbors: 5 }, '#/epsilon'],
    ['alpha 0', { ...rectangles, alpha: 0 }, '#/alpha'],
    ['alpha 1', { ...rectangles, alpha: 1 }, '#/alpha'],
    ['T 0', { ...rectangles, T: 0 }, '#/T'],
    ['T 1.5', { ...rectangles, T: 1.5 }, '#/T'],
    ['T "5"', { ...rectangles, T: '5' }, '#/T'],
    ['T 1e9', { ...rectangles, T: 1e9 }, '#/T'],
    ['T above floor(q·n)', { ...rectangles, T: 97, q: 0.1 }, '#/T'],
    ['T with hyperplane', { ...rectangles, metric: 'l2', method: 'hyperplane' }, '#/T'],
    ['an unknown data set', { ...rectangles, dataset: 'nowhere' }, '#/dataset'],
    ['a path as one', { ...rectangles, dataset: '../../etc/passwd' }, '#/dataset'],
    ['metric "l3"', { ...rectangles, metric: 'l3' }, '#/metric'],
    ['a method that does not fit', { ...rectangles, T: undefined, method: 'hyperplane' }, '#/method'],
    ['T with halfspace', { ...rectangles, method: 'halfspace' }, '#/T'],
    ['balls without T', { ...rectangles, metric: 'l2', T: undefined }, '#/T'],
    [
      'rectangles’ domain under l2',
      { ...rectangles, metric: 'l2', method: 'all', domain: 'box' },
      '#/domain',
    ],
    ['all methods without T', { ...rectangles, method: 'all', T: undefined }, '#/T'],
    ['gamma without soft labels', { ...rectangles, metric: 'l2', gamma: 0.3 }, '#/gamma'],
    ['gamma with rectangles', { ...rectangles, dataset: 'doubt', neighbors: 5, gamma: 0.3 }, '#/gamma'],
    ['gamma 2.5', { ...rectangles, metric: 'l2', dataset: 'doubt', gamma: 2.5 }, '#/gamma'],
    ['seed -1', { ...rectangles, seed: -1 }, '#/seed'],
    ['a list', [], '#'],
    ['null', 'null', '#'],
    ['a number', '7', '#'],
    [
      '__proto__',
      '{"dataset":"digits","metric":"linf","epsilon":0.1,"alpha":0.05,"T":5,"__proto__":{"a":1}}',
      '#/__proto__',
    ],
  ])('%s', async (_, body, pointer) => {
    const answer = await bench.call('POST', '/v1/jobs', typeof body === 'string' ? { raw: body } : { body });
    expectProblem(answer, 422, 'invalid-job');
    expect(places(answer)).toEqual([pointer]);
    for (const error of answer.body.errors) {
      expect(error.code).toMatch(/./);
      expect(error.detail).toMatch(/./);
    }
  });

  test('gamma on soft labels is taken: a dry run names it', async () => {
    const body = { ...rectangles, metric: 'l2', dataset: 'doubt', gamma: 0.3 };
    const answer = await bench.call('POST', '/v1/jobs?dryRun=true', { body });
    expect(answer.status).toBe(200);
    expect(answer.body.spec).toMatchObject({ method: 'balls', gamma: 0.3 });
    const { body: dataset } = await bench.call('GET', '/v1/datasets/doubt');
    expect(dataset.softLabels).toEqual({ classes: 2, train: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('8 on images is asked back as 8/255', async () => {
    const answer = await bench.call('POST', '/v1/jobs', {
      body: { ...rectangles, dataset: 'images', epsilon: 8, neighbors: 5 },
    });
    expect(answer.body.errors[0].detail).toContain('did you mean 8/255?');
  });

  test('with all that is wrong at once, of shape and of meaning', async () => {
    const answer = await bench.call('POST', '/v1/jobs', {
      body: {
        ...{ dataset: 'nowhere', metric: 'linf', method: 'hyperplane', epsilon: -1, alpha: 2, T: '5' },
        ...{ seed: -1, eps: 1, protocol: 'fair', tags: ['a b'], gamma: 0.5 },
      },
    });
    expectProblem(answer, 422, 'invalid-job');
    const expected = [
      'alpha',
      'dataset',
      'epsilon',
      'eps',
      'gamma',
      'method',
      'protocol',
      'seed',
      'T',
      'tags/0',
    ];
    expect(new Set(places(answer))).toEqual(new Set(expected.map((name) => `#/${name}`)));
  });

  test('none of them was accepted', async () => {
    expect((await bench.call('GET', '/v1/jobs')).body).toEqual({ data: [] });
  });
});

describe('a body is refused', () => {
  test.each([
    ['NaN', '{"epsilon": NaN}'],
    ['half a document', '{"dataset":'],
    ['nothing', ''],
    ['spaces', '  \n'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ])('that is not JSON: %s', async (_, raw) => {
    const answer = await bench.call('POST', '/v1/jobs', { raw });
    expectProblem(answer, 400, 'invalid-json');
  });

  test('of 2 MB', async () => {
    const raw = JSON.stringify({ ...rectangles, dataset: 'x'.repeat(2_000_000) });
    expectProblem(await bench.call('POST', '/v1/jobs', { raw }), 413, 'payload-too-large');
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'nonsense'])(
    'of type %s',
    async (type) => {
      const answer = await bench.call('POST', '/v1/jobs', { raw: '{}', headers: { 'content-type': type } });
      expectProblem(answer, 415, 'unsupported-media-type');
    },
  );

  test('but not for saying its charset', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await bench.call('POST', '/v1/jobs?dryRun=true', { body: JOB, headers })).status).toBe(200);
  });
});

describe('a query is refused', () => {
  test.each([
    ['/v1/jobs?limit=-1', ['limit']],
    ['/v1/jobs?limit=0', ['limit']],
    ['/v1/jobs?limit=201', ['limit']],
    ['/v1/jobs?limit=1.5', ['limit']],
    ['/v1/jobs?limit=ten', ['limit']],
    ['/v1/jobs?limit=1&limit=2', ['limit']],
    ['/v1/jobs?status=done', ['status']],
    ['/v1/jobs?metric=l3&nope=1&createdAfter=yesterday', ['nope', 'metric', 'createdAfter']],
    ['/v1/jobs?createdAfter=2026-13-45T00:00:00Z', ['createdAfter']],
    ['/v1/jobs?__proto__=1', ['__proto__']],
    ['/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ?wait=61', ['wait']],
    ['/v1/workers?limit=x', ['limit']],
    ['/v1/datasets?cursor=', ['cursor']],
  ])('%s', async (path, parameters) => {
    const answer = await bench.call('GET', path);
    const code = parameters[0] === 'cursor' ? 'invalid-cursor' : 'invalid-query';
    expectProblem(answer, 400, code);
    expect(places(answer)).toEqual(parameters);
  });

  test('dryRun must be true or false', async () => {
    expectProblem(await bench.call('POST', '/v1/jobs?dryRun=yes', { body: JOB }), 400, 'invalid-query');
  });

  test.each(['', 'abc', '%00', 'eHl6OmpvYl8x', Buffer.from('x:job_1').toString('base64url')])(
    'the cursor %j',
    async (cursor) => {
      expectProblem(await bench.call('GET', `/v1/jobs?cursor=${cursor}`), 400, 'invalid-cursor');
    },
  );

  test('an Idempotency-Key of 256 characters', async () => {
    const answer = await bench.call('POST', '/v1/jobs', {
      body: JOB,
      headers: { 'idempotency-key': 'x'.repeat(256) },
    });
    expectProblem(answer, 400, 'invalid-header');
    expect(places(answer)).toEqual(['Idempotency-Key']);
  });
});

describe('an address', () => {
  test.each([
    ['GET', '/nope'],
    ['GET', '/v1'],
    ['GET', '/v1/nope'],
    ['GET', '/v1/jobs/'],
    ['GET', '/v1/jobs/job_1'],
    ['GET', '/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ'],
    ['GET', '/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ/result'],
    ['GET', '/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ/artifacts/region.npz'],
    ['GET', `/v1/jobs/${'x'.repeat(500)}`],
    ['POST', '/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ/cancel'],
    ['DELETE', '/v1/jobs/job_01M7ZZZZZZZZZZZZZZZZZZZZZZ'],
    ['GET', '/v1/datasets/nowhere'],
    ['GET', '/v1/datasets/..%2f..%2fetc%2fpasswd'],
    ['GET', '/problems/nope'],
    ['GET', '/%zz'],
  ])('of nothing: %s %s', async (method, path) => {
    expectProblem(await bench.call(method, path), 404, 'not-found');
  });

  test.each([
    ['PUT', '/v1/jobs', 'GET, HEAD, OPTIONS, POST'],
    ['PATCH', '/v1/jobs/job_1', 'DELETE, GET, HEAD, OPTIONS'],
    ['GET', '/v1/jobs/job_1/cancel', 'OPTIONS, POST'],
    ['POST', '/v1/datasets/digits', 'DELETE, GET, HEAD, OPTIONS'],
    ['PUT', '/v1/datasets', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/v1/queue', 'GET, HEAD, OPTIONS'],
    ['POST', '/livez', 'GET, HEAD, OPTIONS'],
  ])('with another method: %s %s', async (method, path, allow) => {
    const answer = await bench.call(method, path);
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('answers OPTIONS with what it allows, HEAD like GET without a body', async () => {
    const options = await bench.call('OPTIONS', '/v1/jobs');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    const head = await bench.call('HEAD', '/v1/datasets/digits');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);
  });
});

describe('without keys only this machine is served', () => {
  test('not under a foreign name', async () => {
    const { hostname, port } = new URL(bench.url);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request({ hostname, port, path: '/v1/jobs', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  test('and no foreign page changes anything', async () => {
    const answer = await bench.call('POST', '/v1/jobs', {
      body: JOB,
      headers: { origin: 'https://evil.example' },
    });
    expectProblem(answer, 403, 'forbidden');
    const own = await bench.call('POST', '/v1/jobs?dryRun=true', {
      body: JOB,
      headers: { origin: bench.url },
    });
    expect(own.status).toBe(200);
  });
});

test('what is no HTTP at all gets a problem document too', async () => {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(bench.url);
  const socket = connect(Number(port), hostname);
  socket.end('NONSENSE\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('application/problem+json');
});

test('a request id is taken over where it is sane', async () => {
  const given = await bench.call('GET', '/v1/nope', { headers: { 'x-request-id': 'abc-1' } });
  expect(given.headers.get('x-request-id')).toBe('abc-1');
  const odd = await bench.call('GET', '/v1/nope', { headers: { 'x-request-id': 'a b"c' } });
  expect(odd.headers.get('x-request-id')).not.toContain(' ');
});
