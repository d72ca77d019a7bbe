import { setTimeout as delay } from 'node:timers/promises';
import { checker, ResultSchema } from '@levy/contracts';
import { deviceProcessesOf, GPU_ENVIRONMENT, withoutGpuEnvironment } from '@levy/kernels/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { levy } from '../../levy.js';
import { Workbench } from '../../testing/command.js';

const JOB = 'measure --dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 3 --restarts 2';

let bench: Workbench;

afterEach(() => bench[Symbol.asyncDispose]());

describe('levy measure --engine gpu', () => {
  it('is refused where no such adapter answers, and says what to do', async () => {
    bench = await Workbench.open({ LEVY_GPU: 'no-such-adapter' });
    const { exitCode, stdout, stderr } = await bench.run(`${JOB} --engine gpu`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('adapter');
    expect(stderr).toContain('--engine wasm');
    expect(stderr).not.toContain('    at ');
  });
});

describe.skipIf(withoutGpuEnvironment('levy measure and levy doctor on a gpu'))(
  'on the software adapter of chromium or not at all',
  { timeout: 120_000 },
  () => {
    beforeEach(async () => {
      bench = await Workbench.open(GPU_ENVIRONMENT);
    });

    const line = `${JOB} --samples 300`;

    it('levy measure gives the numbers of wasm, and says what computed them', async () => {
      const result = JSON.parse((await bench.run(`${line} --engine gpu --json`)).stdout);
      expect(checker(ResultSchema).faults(result)).toEqual([]);
      const [worker] = result.provenance.workers;
      expect(worker).toMatchObject({ engine: 'gpu', adapter: { type: 'cpu', mode: 'webgpu' } });
      expect(worker.work.seconds.kernels).toBeGreaterThan(0);
      await using alone = await Workbench.open();
      const {
        provenance: _p,
        timings: _t,
        ...numbers
      } = JSON.parse((await alone.run(`${line} --engine wasm --json`)).stdout);
      expect(result).toMatchObject(numbers);
      const { stdout } = await bench.run(`${line} --engine gpu`);
      expect(stdout).toContain(`gpu on ${worker.device}, a software adapter, by webgpu (`);
      expect(await deviceProcessesOf(process.pid)).toEqual([]);
    });

    it('levy measure goes on with a fresh engine where its device keeps dying, once', async () => {
      const { context, stdout, stderr } = bench.context();
      const argv = `${line.replace('--restarts 2', '--restarts 20')} --engine gpu --json`.split(' ');
      const running = levy(argv, context);
      await killDevices(
        () => stderr.text.includes('digits:'),
        () => stderr.text.includes('levy:'),
      );
      expect(await running).toBe(0);
      expect(stderr.text).toContain('measuring again on a fresh engine');
      expect(JSON.parse(stdout.text).provenance.workers).toMatchObject([{ engine: 'gpu' }]);
    });

    it('levy doctor checks and times it', async () => {
      const { stdout } = await bench.run('doctor --json');
      const gpu = JSON.parse(stdout).find(({ name }: { name: string }) => name === 'gpu');
      expect(gpu).toMatchObject({
        state: 'ok',
        detail: expect.stringMatching(/by webgpu, driver .*checked/),
      });
    });

    it('levy doctor names a software adapter that nobody asked for', async () => {
      const { LEVY_GPU: _, ...unnamed } = GPU_ENVIRONMENT;
      await using other = await Workbench.open(unnamed);
      const { stdout } = await other.run('doctor --json');
      const gpu = JSON.parse(stdout).find(({ name }: { name: string }) => name === 'gpu');
      expect(gpu).toMatchObject({ state: 'absent', detail: expect.stringContaining('LEVY_GPU=swiftshader') });
    });
  },
);

/** Kills the device processes of this process as they come, from one moment until another. */
async function killDevices(begins: () => boolean, ends: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const devices = await deviceProcessesOf(process.pid);
    if (ends()) return;
    if (begins()) for (const device of devices) tryToKill(device);
    await delay(10);
  }
  throw new Error('it did not come to its end');
}

/** It may have ended by itself. */
function tryToKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
