import { setTimeout as delay } from 'node:timers/promises';
import { deviceProcessesOf, GPU_ENVIRONMENT, withoutGpuEnvironment } from '@levy/kernels/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, exitOf, freePort } from './testing/bench.js';

const GPU = { ...GPU_ENVIRONMENT, LEVY_ENGINE: 'gpu' };
/** Some seconds on a software adapter. */
const JOB = { engine: 'gpu', samples: 300, restarts: 4 };
const LONG = { ...JOB, restarts: 400, slack: 0 };
const ADAPTER = { mode: 'webgpu', type: 'cpu', driver: expect.any(String) };

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe.skipIf(withoutGpuEnvironment('tests of a gpu worker'))(
  'a gpu worker, on the software adapter of chromium or not at all',
  { timeout: 120_000 },
  () => {
    it('measures what wasm measures, and tells on what, wherever it is asked', async () => {
      const port = await freePort();
      const worker = bench.worker([], { ...GPU, LEVY_ENGINE: 'auto', LEVY_WORKER_PORT: String(port) });
      const onGpu = await bench.untilStatus(await bench.submit(JOB), 'succeeded');
      bench.worker();
      const onWasm = await bench.untilStatus(await bench.submit({ ...JOB, engine: 'wasm' }), 'succeeded');
      expect(onGpu.estimate?.best).toEqual(onWasm.estimate?.best);
      const [told] = onGpu.estimate?.provenance.workers ?? [];
      expect(told).toMatchObject({ engine: 'gpu', adapter: ADAPTER, work: { restarts: 0 } });
      expect(told?.work?.seconds.kernels).toBeGreaterThan(0);
      expect(Object.values(told?.work?.tileRows ?? {}).every((rows) => rows > 0)).toBe(true);
      const live = await bench.registry.list();
      expect(live.find(({ engine }) => engine === 'gpu')?.adapter).toEqual(told?.adapter);
      const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      expect(JSON.parse(await get('/readyz'))).toMatchObject({ engine: 'gpu', adapter: told?.adapter });
      expect(await get('/metrics')).toContain('levy_worker_device_restarts_total 0');
      expect(worker.output).toContain(told?.device);
    });

    it('does not lose an attempt where its device process dies once', async () => {
      const port = await freePort();
      const worker = bench.worker([], { ...GPU, LEVY_WORKER_PORT: String(port) });
      const id = await bench.submit({ ...LONG, restarts: 20 });
      await bench.untilUnderWay(id);
      const devices = await deviceProcessesOf(worker.child.pid);
      expect(devices).toHaveLength(1);
      for (const device of devices) process.kill(device, 'SIGKILL');
      const done = await bench.untilStatus(id, 'succeeded');
      expect(done.attempts).toMatchObject([{ outcome: 'succeeded' }]);
      expect(done.estimate?.provenance.workers).toMatchObject([{ work: { restarts: 1 } }]);
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toContain('levy_worker_device_restarts_total 1\n');
    });

    it('goes on with another attempt where its device process keeps dying', async () => {
      const worker = bench.worker([], GPU);
      const id = await bench.submit({ ...LONG, restarts: 20 });
      await bench.untilUnderWay(id);
      await untilFailed(id, async () => deviceProcessesOf(worker.child.pid));
      const done = await bench.untilStatus(id, 'succeeded');
      expect(done.attempts).toMatchObject([
        { outcome: 'failed', error: { kind: 'device', retryable: true } },
        { outcome: 'succeeded' },
      ]);
      expect(worker.child.exitCode).toBeNull();
    });

    it('stops a job within 2 s of its cancellation, and takes the next', async () => {
      bench.worker([], GPU);
      const long = await bench.submit(LONG);
      await bench.untilUnderWay(long);
      await bench.jobs.cancel(long);
      const canceledAt = performance.now();
      await bench.untilStatus(long, 'canceled');
      expect(performance.now() - canceledAt).toBeLessThan(2000);
      await bench.untilStatus(await bench.submit(JOB), 'succeeded');
    });

    it.each([
      ['is asked to stop', 'SIGTERM', undefined],
      ['is asked to stop while its device hangs', 'SIGTERM', 'SIGSTOP'],
      ['is killed', 'SIGKILL', undefined],
    ] as const)('leaves no process behind when it %s', async (_, signal, toDevice) => {
      const worker = bench.worker([], { ...GPU, LEVY_DRAIN_SECONDS: '0' });
      const id = await bench.submit(LONG);
      await bench.untilUnderWay(id);
      const children = await deviceProcessesOf(worker.child.pid);
      expect(children.length).toBeGreaterThan(0);
      if (toDevice !== undefined) for (const child of children) process.kill(child, toDevice);
      const asked = performance.now();
      worker.child.kill(signal);
      await exitOf(worker);
      expect(performance.now() - asked).toBeLessThan(10_000);
      const until = performance.now() + 5000;
      while (children.some(isAlive) && performance.now() < until) await delay(50);
      expect(children.filter(isAlive)).toEqual([]);
    });
  },
);

/** Kills device processes as they come, until the job's first attempt has failed. */
async function untilFailed(id: string, devices: () => Promise<number[]>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const seen = await devices();
    if ((await bench.jobs.get(id))?.attempts[0]?.outcome !== undefined) return;
    for (const device of seen.filter(isAlive)) process.kill(device, 'SIGKILL');
    await delay(10);
  }
  throw new Error(`${id} did not fail`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
