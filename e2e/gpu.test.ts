import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { GPU_ENVIRONMENT, withoutGpuEnvironment } from '../packages/kernels/dist/testing/gpu-environment.js';
import { Sandbox } from './levy.js';

const JOB = '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 3 --restarts 2 --samples 300';

let sandbox: Sandbox;
afterEach(() => sandbox[Symbol.asyncDispose](), 60_000);

it('levy serve that is to use a gpu starts nothing without one, and says so', async () => {
  sandbox = await Sandbox.open({ LEVY_ENGINE: 'gpu', LEVY_GPU: 'no-such-adapter' });
  const { exitCode, stderr } = await sandbox.levy('serve');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('no-such-adapter');
});

describe.skipIf(withoutGpuEnvironment('levy serve with a gpu'))(
  'levy serve, on the software adapter of chromium or not at all',
  { timeout: 120_000 },
  () => {
    it('has a worker for either engine, and jobs of either find theirs', async () => {
      sandbox = await Sandbox.open({ ...GPU_ENVIRONMENT, LEVY_ENGINE: 'auto' });
      await sandbox.serve();
      expect(await (await sandbox.get('/readyz')).json()).toMatchObject({
        devices: [
          { engine: 'wasm', workers: 1 },
          { engine: 'gpu', workers: 1, adapter: { type: 'cpu', mode: 'webgpu' } },
        ],
      });
      const [onGpu, onWasm] = [
        await sandbox.json(`submit ${JOB} --engine gpu --wait`),
        await sandbox.json(`submit ${JOB} --engine wasm --wait`),
      ];
      expect(onGpu['best']).toEqual(onWasm['best']);
      expect(onGpu['provenance']).toMatchObject({ workers: [{ engine: 'gpu' }] });
      expect(onWasm['provenance']).toMatchObject({ workers: [{ engine: 'wasm' }] });
      const { stdout } = await sandbox.levy('workers');
      expect(stdout).toContain('by webgpu');
      expect(stdout).toContain('driver');
    });

    it('goes on without a gpu worker that keeps dying, and says so', async () => {
      // The second worker serves its health on the port after the first one's; there it cannot.
      const busy = createServer().listen(0, '127.0.0.1');
      await once(busy, 'listening');
      const address = busy.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      sandbox = await Sandbox.open({
        ...GPU_ENVIRONMENT,
        ...{ LEVY_ENGINE: 'auto', LEVY_WORKER_PORT: String(port - 1) },
      });
      const serving = await sandbox.serve();
      expect(serving.stderr).toMatch(/levy: the gpu worker ended with 1, 6 times in a row/);
      expect(serving.stderr).toContain('the service goes on without it');
      expect(await sandbox.workers()).toMatchObject([{ engine: 'wasm' }]);
      await sandbox.json(`submit ${JOB} --wait`);
      busy.close();
    });

    it('has only the worker that LEVY_ENGINE names; auto then goes there', async () => {
      sandbox = await Sandbox.open({ ...GPU_ENVIRONMENT, LEVY_ENGINE: 'gpu' });
      const serving = await sandbox.serve();
      expect(await sandbox.workers()).toMatchObject([{ engine: 'gpu' }]);
      const auto = await sandbox.json(`submit ${JOB} --wait`);
      expect(auto['provenance']).toMatchObject({ workers: [{ engine: 'gpu' }] });
      serving.child.kill('SIGTERM');
      expect((await serving.outcome()).exitCode).toBe(0);
    });
  },
);
