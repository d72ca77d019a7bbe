import type { Job, JobSpec, JobStatus, Problem } from '@levy/contracts';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LevyClient, LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from './index.js';

const SUBMISSION = { dataset: 'digits', metric: 'linf', epsilon: '1/8', alpha: 0.05, T: 5 } as const;

const SPEC: JobSpec = {
  dataset: 'digits',
  datasetDigest: 'd'.repeat(64),
  metric: 'linf',
  epsilon: 0.125,
  epsilonExact: '1/8',
  alpha: 0.05,
  method: 'axis',
  protocol: 'holdout',
  slack: 0,
  seed: 0,
  confidence: 0.95,
  engine: 'auto',
  priority: 'interactive',
  timeoutSeconds: 86_400,
};

function jobOf(id: string, status: JobStatus): Job {
  const createdAt = '2026-01-01T00:00:00.000Z';
  return { id, status, spec: SPEC, createdAt, attempts: [], warnings: [], links: { self: `/v1/jobs/${id}` } };
}

function problem(reply: FastifyReply, code: string, status: number, extra: Partial<Problem> = {}) {
  const body: Problem = { type: `/problems/${code}`, title: code, status, detail: `${code} it is`, ...extra };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}

let app: FastifyInstance;

beforeEach(() => {
  app = Fastify();
});
afterEach(() => app.close());

async function client(options: { apiKey?: string; retries?: number } = {}): Promise<LevyClient> {
  const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  return new LevyClient({ baseUrl: `${baseUrl}/`, ...options });
}

describe('submit', () => {
  it('repeats after a 503 with the same Idempotency-Key and the key of the caller', async () => {
    const seen: { key: unknown; authorization: unknown; body: unknown }[] = [];
    app.post('/v1/jobs', (request, reply) => {
      const { authorization, 'idempotency-key': key } = request.headers;
      seen.push({ key, authorization, body: request.body });
      if (seen.length < 3) {
        return problem(reply.header('retry-after', '0'), 'queue-unavailable', 503);
      }
      return reply.code(202).send(jobOf('job_1', 'queued'));
    });
    const job = await (await client({ apiKey: 'levy_a_b' })).submit(SUBMISSION);
    expect(job.id).toBe('job_1');
    expect(seen).toHaveLength(3);
    expect(seen[0]).toEqual({
      key: expect.stringMatching(/^[0-9a-f]{32}$/),
      authorization: 'Bearer levy_a_b',
      body: SUBMISSION,
    });
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  });

  it('repeats after a connection that broke before the answer', async () => {
    const keys: unknown[] = [];
    app.post('/v1/jobs', (request, reply) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length === 1) {
        reply.hijack();
        request.raw.socket.destroy();
        return reply;
      }
      return reply.code(202).send(jobOf('job_1', 'queued'));
    });
    expect((await (await client()).submit(SUBMISSION)).id).toBe('job_1');
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(2);
  });

  it('does not repeat what was refused, and tells every fault', async () => {
    let requests = 0;
    app.post('/v1/jobs', (_, reply) => {
      requests += 1;
      const errors = [{ pointer: '#/alpha', code: 'minimum', detail: '0 must be > 0' }];
      return problem(reply, 'invalid-job', 422, { errors });
    });
    const refused = await (await client()).submit(SUBMISSION).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LevyProblem);
    expect(refused).toMatchObject({
      code: 'invalid-job',
      status: 422,
      problem: { errors: [{ code: 'minimum' }] },
    });
    expect(requests).toBe(1);
  });

  it('asks for the plan with dryRun', async () => {
    app.post('/v1/jobs', (request) => {
      expect(request.query).toEqual({ dryRun: 'true' });
      return { spec: SPEC, engine: 'wasm', steps: [], estimatedSeconds: 1, estimatedBytes: 2 };
    });
    expect(await (await client()).plan(SUBMISSION)).toMatchObject({ engine: 'wasm', estimatedBytes: 2 });
  });

  it('takes the plan of an earlier service, which names no engine', async () => {
    app.post('/v1/jobs', () => ({ spec: SPEC, steps: [], estimatedSeconds: 1, estimatedBytes: 2 }));
    expect((await (await client()).plan(SUBMISSION)).engine).toBeUndefined();
  });
});

describe('faults of the connection', () => {
  it('an address where nothing listens is unreachable', async () => {
    const levy = await client({ retries: 0 });
    await app.close();
    const error = await levy.job('job_1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LevyUnreachable);
    expect(String(error)).toContain('ECONNREFUSED');
  });

  it('an answer of something else is told apart', async () => {
    app.get('/v1/jobs/:id', (_, reply) => reply.type('text/html').send('<h1>It works!</h1>'));
    app.get('/v1/queue', (_, reply) => reply.code(404).send('no'));
    const levy = await client();
    await expect(levy.job('job_1')).rejects.toThrow(LevyUnexpectedAnswer);
    await expect(levy.queue()).rejects.toThrow(LevyUnexpectedAnswer);
  });

  it('an abort rejects with its own reason', async () => {
    app.get('/v1/queue', () => new Promise(() => {}));
    const reason = new Error('enough');
    const levy = await client();
    await expect(levy.queue({ signal: abortSoon(reason) })).rejects.toBe(reason);
  });

  it('members that a newer service adds are accepted', async () => {
    app.get('/v1/jobs/:id', () => ({ ...jobOf('job_1', 'queued'), novelty: { a: 1 } }));
    expect((await (await client()).job('job_1')).status).toBe('queued');
  });
});

it('jobs walks the pages with its filters', async () => {
  const queries: unknown[] = [];
  app.get('/v1/jobs', (request: FastifyRequest<{ Querystring: { cursor?: string } }>) => {
    queries.push(request.query);
    return request.query.cursor === undefined
      ? { data: [jobOf('job_3', 'queued'), jobOf('job_2', 'queued')], nextCursor: 'c' }
      : { data: [jobOf('job_1', 'queued')] };
  });
  const ids: string[] = [];
  for await (const job of (await client()).jobs({ status: ['queued', 'running'], pageSize: 2 }))
    ids.push(job.id);
  expect(ids).toEqual(['job_3', 'job_2', 'job_1']);
  expect(queries).toEqual([
    { status: ['queued', 'running'], limit: '2' },
    { status: ['queued', 'running'], limit: '2', cursor: 'c' },
  ]);
});

describe('waitFor', () => {
  it('asks for changes of the revision it has seen, until the job is final', async () => {
    const asked: { wait: unknown; etag: unknown }[] = [];
    const answers: (JobStatus | 'unchanged')[] = ['queued', 'unchanged', 'running', 'succeeded'];
    app.get('/v1/jobs/:id', (request: FastifyRequest<{ Querystring: { wait?: string } }>, reply) => {
      const etag = request.headers['if-none-match'];
      asked.push({ wait: request.query.wait, etag });
      const next = answers[asked.length - 1] ?? 'succeeded';
      if (next === 'unchanged')
        return reply.code(304).header('etag', '"1"').header('retry-after', '0').send();
      return reply.header('etag', `"${asked.length}"`).send(jobOf('job_1', next));
    });
    const seen: string[] = [];
    const job = await (await client()).waitFor('job_1', { onChange: ({ status }) => seen.push(status) });
    expect(job.status).toBe('succeeded');
    expect(seen).toEqual(['queued', 'running', 'succeeded']);
    expect(asked).toEqual([
      { wait: undefined, etag: undefined },
      { wait: '20', etag: '"1"' },
      { wait: '20', etag: '"1"' },
      { wait: '20', etag: '"3"' },
    ]);
  });

  it('outlasts a service that is away for a while', async () => {
    let requests = 0;
    app.get('/v1/jobs/:id', (_, reply) => {
      requests += 1;
      if (requests < 3) return problem(reply.header('retry-after', '0'), 'shutting-down', 503);
      return jobOf('job_1', 'canceled');
    });
    const levy = await client({ retries: 0 });
    expect((await levy.waitFor('job_1')).status).toBe('canceled');
    requests = 0;
    await expect(levy.waitFor('job_1', { patienceSeconds: 0 })).rejects.toThrow(LevyProblem);
  });

  it('ends when it is aborted', async () => {
    app.get('/v1/jobs/:id', (request, reply) =>
      request.headers['if-none-match'] === undefined
        ? reply.header('etag', '"1"').send(jobOf('job_1', 'running'))
        : new Promise(() => {}),
    );
    const reason = new Error('enough');
    await expect((await client()).waitFor('job_1', { signal: abortSoon(reason) })).rejects.toBe(reason);
  });
});

it('an artifact is its bytes', async () => {
  app.get('/v1/jobs/job_1/artifacts/region.npz', (_, reply) => reply.send(Buffer.from([1, 2, 255])));
  expect(await (await client()).artifact('job_1', 'region.npz')).toEqual(new Uint8Array([1, 2, 255]));
});

function abortSoon(reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  return controller.signal;
}
