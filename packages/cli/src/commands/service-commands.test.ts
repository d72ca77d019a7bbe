import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Job, JobSpec, JobStatus, Problem } from '@levy/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interrupt, Workbench } from '../testing/command.js';

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
const FLAGS = '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --method axis';

function jobOf(status: JobStatus, extra: Partial<Job> = {}): Job {
  const createdAt = '2026-01-01T00:00:00.000Z';
  const fixed = { id: 'job_1', spec: SPEC, createdAt, attempts: [], warnings: [], links: {} };
  return { ...fixed, status, ...extra };
}

type Reply = { readonly status?: number; readonly body: unknown; readonly etag?: string };
type Route = (request: IncomingMessage, body: string) => Reply | undefined;

/** Stands in for the service where a test needs answers that the real one gives seldom. */
class FakeService implements AsyncDisposable {
  readonly requests: { method: string; url: string; body: string; authorization: string | undefined }[] = [];
  readonly routes = new Map<string, Route>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no address');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, body, authorization: headers.authorization });
    const route = this.routes.get(`${method} ${url.split('?')[0]}`);
    const reply = route?.(request, body);
    // A route without an answer holds the request, as a long poll does.
    if (route !== undefined && reply === undefined) return;
    const { status = 200, body: answer, etag } = reply ?? problem('not-found', 404, 'there is nothing here');
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...(etag === undefined ? {} : { etag }) });
    response.end(JSON.stringify(answer));
  }
}

function problem(code: string, status: number, detail: string, extra: Partial<Problem> = {}): Reply {
  return { status, body: { type: `/problems/${code}`, title: code, status, detail, ...extra } };
}

let service: FakeService;
let bench: Workbench;

beforeEach(async () => {
  service = new FakeService();
  bench = await Workbench.open({ LEVY_URL: await service.listen(), LEVY_API_KEY: 'levy_a_b' });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

describe('levy submit', () => {
  it('prints the id, and sends the job as its flags say, with the key', async () => {
    service.routes.set('POST /v1/jobs', () => ({ status: 202, body: jobOf('queued') }));
    expect(await bench.run(`submit ${FLAGS}`)).toEqual({ exitCode: 0, stdout: 'job_1\n', stderr: '' });
    const [request] = service.requests;
    expect(request?.authorization).toBe('Bearer levy_a_b');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      dataset: 'digits',
      metric: 'linf',
      epsilon: '1/8',
      alpha: 0.05,
      method: 'axis',
    });
  });

  it('shows every fault by its flag and exits with 2', async () => {
    const errors = [
      { pointer: '#/alpha', code: 'minimum', detail: '0 must be > 0' },
      { pointer: '#/qTolerance', code: 'unused-field', detail: 'axis does not use qTolerance' },
    ];
    service.routes.set('POST /v1/jobs', () =>
      problem('invalid-job', 422, 'it cannot be measured', { errors }),
    );
    const { exitCode, stdout, stderr } = await bench.run(`submit ${FLAGS}`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/it cannot be measured\n {2}--alpha {8}0 must be > 0\n {2}--q-tolerance {2}axis/);
  });

  it.each([
    ['canceled', 3],
    ['failed', 1],
    ['timed_out', 1],
    ['expired', 1],
  ] as const)('--wait exits for a job that %s with %i', async (status, expected) => {
    const error = { kind: 'numeric', detail: 'it diverged', retryable: false } as const;
    service.routes.set('POST /v1/jobs', () => ({ status: 202, body: jobOf('queued') }));
    service.routes.set('GET /v1/jobs/job_1', () => ({ body: jobOf(status, { error }), etag: '"2"' }));
    const { exitCode, stdout, stderr } = await bench.run(`submit ${FLAGS} --wait`);
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' });
    expect(stderr).toContain('it diverged');
  });

  it('--dry-run prints the plan', async () => {
    const step = { name: 'scan', key: 'k'.repeat(64), needs: [], estimatedSeconds: 2, estimatedBytes: 1024 };
    const plan = {
      spec: SPEC,
      engine: 'wasm',
      steps: [step],
      estimatedSeconds: 2,
      estimatedBytes: 5_000_000,
    };
    service.routes.set('POST /v1/jobs', () => ({ body: plan }));
    const { exitCode, stdout } = await bench.run(`submit ${FLAGS} --dry-run`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('scan');
    expect(stdout).toContain('about 2.0 s on wasm, 5.0 MB of memory');
    expect(service.requests[0]?.url).toBe('/v1/jobs?dryRun=true');
    expect(JSON.parse((await bench.run(`submit ${FLAGS} --dry-run --json`)).stdout)).toEqual(plan);
  });
});

describe('levy watch', () => {
  it('--json prints one line a change; the exit status is the job’s', async () => {
    const answers = [jobOf('queued'), jobOf('running'), jobOf('succeeded')];
    let asked = 0;
    service.routes.set('GET /v1/jobs/job_1', () => ({ body: answers[asked++], etag: `"${asked}"` }));
    const { exitCode, stdout } = await bench.run('watch job_1 --json');
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).status),
    ).toEqual(['queued', 'running', 'succeeded']);
  });

  it('Ctrl-C detaches: 130, and the job goes on', async () => {
    service.routes.set('GET /v1/jobs/job_1', (request) =>
      request.headers['if-none-match'] === undefined ? { body: jobOf('running'), etag: '"1"' } : undefined,
    );
    const abort = new AbortController();
    setTimeout(() => interrupt(abort), 200);
    const { exitCode, stderr } = await bench.run('watch job_1', { abort });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('the job goes on');
    expect(service.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('the other commands', () => {
  it('status, jobs, workers and cancel print one JSON document with --json', async () => {
    service.routes.set('GET /v1/jobs/job_1', () => ({ body: jobOf('queued') }));
    service.routes.set('GET /v1/jobs', () => ({ body: { data: [jobOf('queued')] } }));
    service.routes.set('GET /v1/workers', () => ({ body: { data: [] } }));
    service.routes.set('POST /v1/jobs/job_1/cancel', () => ({ status: 202, body: jobOf('canceling') }));
    expect(JSON.parse((await bench.run('status job_1 --json')).stdout).status).toBe('queued');
    expect(JSON.parse((await bench.run('status job_1 job_1 --json')).stdout)).toHaveLength(2);
    expect(JSON.parse((await bench.run('jobs --status queued running --json')).stdout)).toHaveLength(1);
    expect(JSON.parse((await bench.run('workers --json')).stdout)).toEqual([]);
    expect((await bench.run('cancel job_1')).stdout).toBe('job_1 canceling\n');
    expect(service.requests.some(({ url }) => url.includes('status=queued&status=running'))).toBe(true);
  });

  it('workers tells the device, and its driver where one is an adapter', async () => {
    const worker = {
      ...{ id: 'w1', host: 'here', pid: 7, version: '0.1.0', engine: 'wasm', device: 'EPYC', threads: 2 },
      since: '2026-01-01T00:00:00.000Z',
    };
    const adapter = {
      ...{ vendor: 'acme', architecture: 'anvil', device: 'A1', driver: 'acme 1.2' },
      ...{ type: 'gpu', mode: 'webgpu' },
    };
    const data: object[] = [worker];
    service.routes.set('GET /v1/workers', () => ({ body: { data } }));
    expect((await bench.run('workers')).stdout).not.toContain('driver');
    data.push({ ...worker, engine: 'gpu', device: 'A1', adapter });
    const [header, , wasm, gpu] = (await bench.run('workers')).stdout.split('\n');
    expect(header).toMatch(/device +driver +since/);
    expect(wasm).toMatch(/wasm +2 {2}EPYC {2,}2026/);
    expect(gpu).toMatch(/gpu +2 {2}A1 by webgpu {2}acme 1\.2 {2}2026/);
  });

  it('result of a job that is not final is refused, and says how to follow it', async () => {
    service.routes.set('GET /v1/jobs/job_1', () => ({ body: jobOf('running') }));
    const { exitCode, stderr } = await bench.run('result job_1');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('levy watch job_1');
  });

  it('an unknown job is refused with 2, a missing key too', async () => {
    expect((await bench.run('status job_2')).exitCode).toBe(2);
    service.routes.set('GET /v1/jobs/job_3', () => problem('unauthorized', 401, 'A key is needed'));
    const { exitCode, stderr } = await bench.run('status job_3');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('LEVY_API_KEY');
  });

  it('what cannot be reached exits with 4 and says what to do', async () => {
    await using away = await Workbench.open({ LEVY_URL: 'http://127.0.0.1:1' });
    const { exitCode, stderr } = await away.run('jobs');
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/http:\/\/127\.0\.0\.1:1 cannot be reached.*LEVY_URL/);
  });

  it('wrong settings are all named at once', async () => {
    await using wrong = await Workbench.open({ LEVY_URL: 'nowhere', LEVY_THREADS: '-1' });
    const { exitCode, stderr } = await wrong.run('jobs');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('LEVY_URL');
    expect(stderr).toContain('LEVY_THREADS');
  });

  it('help and version are no errors; what is unknown is', async () => {
    expect((await bench.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await bench.run('measure --help')).exitCode).toBe(0);
    expect((await bench.run('mesure')).exitCode).toBe(2);
    expect((await bench.run('')).exitCode).toBe(2);
    expect((await bench.run('jobs --limit 0')).exitCode).toBe(2);
  });
});

describe('levy logs', () => {
  const line = { level: 'warn', message: 'attempt 1 lost:\u001b[2J gone', time: '2026-01-01T00:00:01.000Z' };

  it('prints a line for every line of the log, without what a terminal would obey', async () => {
    service.routes.set('GET /v1/jobs/job_1/logs', () => ({ body: line }));
    service.routes.set('GET /v1/jobs/job_2/logs', () => ({ body: line }));
    const one = await bench.run('logs job_1');
    expect(one).toMatchObject({ exitCode: 0, stderr: '' });
    expect(one.stdout).toMatch(/ warn attempt 1 lost: \[2J gone\n$/);
    expect((await bench.run('logs job_1 job_2')).stdout).toMatch(/ job_1 warn .*\n.* job_2 warn .*\n$/);
    expect(JSON.parse((await bench.run('logs job_1 --json')).stdout)).toEqual([{ job: 'job_1', ...line }]);
    expect((await bench.run('logs job_3')).exitCode).toBe(2);
  });
});
