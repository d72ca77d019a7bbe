import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, exitOf, freePort } from './testing/bench.js';
import { LONG } from './testing/specs.js';

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe('a worker process', () => {
  it('measures what waits, stores the result, and stops when it is idle', async () => {
    const id = await bench.submit();
    const worker = bench.worker(['--exit-when-idle', '1']);
    const job = await bench.untilStatus(id, 'succeeded');
    expect(job.estimate?.best.test.n).toBe(597);
    expect(job.progress?.fraction).toBe(1);
    const bytes = job.result && (await bench.store.blobs.get(job.result.sha256));
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
      epsilonExact: '1/8',
      best: job.estimate?.best,
    });
    expect(job.artifacts.map(({ name }) => name)).toContain('region.npz');
    expect(await exitOf(worker)).toBe(0);
  });

  it('fails a job whose gamma cannot be had, with what can, and does not try again', async () => {
    const rows = Uint8Array.from({ length: 240 }, (_, index) => (index * 37) % 251);
    const softLabels = Float64Array.from({ length: 240 }, (_, index) => (index % 2 === 0 ? 0.75 : 0.25));
    await bench.store.add(
      { train: { rows, softLabels }, test: { rows, softLabels } },
      { name: 'doubt', dtype: 'u1', scale: 255, shape: [2] },
    );
    bench.worker();
    const balls = { dataset: 'doubt', metric: 'l2', restarts: undefined };
    const met = await bench.untilStatus(await bench.submit({ ...balls, gamma: 0.5 }), 'succeeded');
    expect(met.estimate?.best.test.labelUncertainty).toBe(0.5);
    const job = await bench.untilStatus(await bench.submit({ ...balls, gamma: 0.6 }), 'failed');
    expect(job.error).toMatchObject({ kind: 'input', retryable: false });
    expect(job.error?.detail).toContain('gamma = 0.6 cannot be had with T = 3');
    expect(job.error?.detail).toContain('newly cover there is 0.5;');
    expect(job.attempts).toHaveLength(1);
  });

  it('stops a running job soon after it is canceled, and takes the next', async () => {
    bench.worker();
    const long = await bench.submit(LONG);
    await bench.untilUnderWay(long);
    expect(await bench.registry.list()).toMatchObject([
      { engine: 'wasm', threads: 1, current: { job: long } },
    ]);
    await bench.jobs.cancel(long);
    const canceled = await bench.untilStatus(long, 'canceled');
    expect(canceled.attempts).toHaveLength(1);
    await bench.untilStatus(await bench.submit(), 'succeeded');
  });

  it('gives its task back on SIGTERM, and another worker goes on with it', async () => {
    const first = bench.worker([], { LEVY_DRAIN_SECONDS: '0' });
    const id = await bench.submit({ ...LONG, restarts: 60 });
    await bench.untilUnderWay(id);
    first.child.kill('SIGTERM');
    expect(await exitOf(first)).toBe(0);
    const waiting = await bench.until(id, ({ status }) => status === 'queued');
    expect(waiting.attempts.map(({ outcome }) => outcome)).toHaveLength(1);
    bench.worker();
    const done = await bench.untilStatus(id, 'succeeded');
    expect(done.attempts).toHaveLength(2);
  });

  it('lets a short task end within the drain time', async () => {
    const worker = bench.worker([], { LEVY_DRAIN_SECONDS: '20' });
    const id = await bench.submit({ ...LONG, restarts: 30 });
    await bench.untilUnderWay(id);
    worker.child.kill('SIGTERM');
    expect(await exitOf(worker)).toBe(0);
    expect((await bench.jobs.get(id))?.status).toBe('succeeded');
  });

  it('ends at once on a second signal', async () => {
    const worker = bench.worker([], { LEVY_DRAIN_SECONDS: '60' });
    const id = await bench.submit(LONG);
    await bench.untilUnderWay(id);
    worker.child.kill('SIGTERM');
    await until(() => worker.output.includes('stopping'));
    worker.child.kill('SIGTERM');
    expect(await exitOf(worker)).not.toBe(0);
  });

  it('serves health and metrics where a port is given', async () => {
    const port = await freePort();
    bench.worker([], { LEVY_WORKER_PORT: String(port) });
    await bench.untilStatus(await bench.submit(), 'succeeded');
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, body: await response.text() };
    };
    expect((await get('/livez')).status).toBe(200);
    const ready = await get('/readyz');
    expect([ready.status, JSON.parse(ready.body)]).toEqual([
      200,
      { status: 'ok', redis: true, engine: 'wasm', device: expect.any(String), threads: 1 },
    ]);
    expect((await get('/metrics')).body).toContain('levy_worker_tasks_total{outcome="succeeded"} 1');
    expect((await get('/metrics')).body).not.toContain('device_restarts');
    expect((await get('/')).status).toBe(404);
  });

  it('computes on the processor where no adapter answers that LEVY_GPU names, and says so', async () => {
    const worker = bench.worker([], { LEVY_ENGINE: 'auto', LEVY_GPU: 'no-such-adapter' });
    await bench.untilStatus(await bench.submit(), 'succeeded');
    expect(await bench.registry.list()).toMatchObject([{ engine: 'wasm' }]);
    expect(worker.output).toContain('no such graphics adapter answers');
  });

  it('that is to compute on a gpu takes nothing without one, says why and exits with 2', async () => {
    const id = await bench.submit({ engine: 'gpu' });
    const worker = bench.worker([], { LEVY_ENGINE: 'gpu', LEVY_GPU: 'no-such-adapter' });
    expect(await exitOf(worker)).toBe(2);
    expect(worker.output).toMatch(/"msg":"[^"]*adapter/);
    expect(worker.output).not.toContain('    at ');
    expect(worker.output).not.toContain('taking tasks');
    expect(await bench.jobs.get(id)).toMatchObject({ status: 'queued', attempts: [] });
  });

  it('says everything that is wrong with its settings and exits with 2', async () => {
    const worker = bench.worker(['--lifetime', 'long'], { REDIS_URL: 'http://x', LEVY_THREADS: 'many' });
    expect(await exitOf(worker)).toBe(2);
    for (const name of ['REDIS_URL', 'LEVY_THREADS', '--lifetime']) expect(worker.output).toContain(name);
    expect(worker.output).not.toContain('    at ');
  });
});

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await delay(20);
}
