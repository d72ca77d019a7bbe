import type { JobSpec } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { GPU_ENVIRONMENT, withoutGpuEnvironment } from '@levy/kernels/testing';
import { resolveJob } from '@levy/plan';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineClassFor } from './engine.js';
import { commandSettings } from './settings.js';
import { Workbench } from './testing/command.js';

const NO_ADAPTER = { LEVY_GPU: 'no-such-adapter' };
/** Minutes on a processor. */
const LARGE = { T: 20, restarts: 1000, iterations: 1000 };

let bench: Workbench;
let store: DatasetStore;

beforeEach(async () => {
  bench = await Workbench.open();
  store = await DatasetStore.open(bench.folder);
});
afterEach(() => bench[Symbol.asyncDispose]());

async function chosen(env: Record<string, string>, ...changes: object[]): Promise<string> {
  const dataset = await store.require('digits');
  const specs = changes.map((change): JobSpec => {
    const job = { dataset: 'digits', metric: 'linf', epsilon: '1/8', alpha: 0.05, T: 3, ...change };
    const resolved = resolveJob(job, dataset);
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
    return resolved.spec;
  });
  const { context } = bench.context({ env });
  return engineClassFor(specs, store, context, commandSettings(context));
}

describe('the engine of a command', () => {
  it.each(['wasm', 'gpu'] as const)('is %s where its jobs ask for that, whatever answers', async (engine) => {
    expect(await chosen(NO_ADAPTER, { engine }, { ...LARGE, engine })).toBe(engine);
  });

  it('is wasm where no adapter answers that LEVY_GPU names', async () => {
    expect(await chosen(NO_ADAPTER, LARGE)).toBe('wasm');
  });
});

describe.skipIf(withoutGpuEnvironment('the choice of a gpu by levy measure'))(
  'where an adapter answers, the software adapter of chromium or not at all',
  () => {
    it('is the gpu as soon as one of its jobs is large', async () => {
      expect(await chosen(GPU_ENVIRONMENT, {}, LARGE, {})).toBe('gpu');
      expect(await chosen(GPU_ENVIRONMENT, {}, {})).toBe('wasm');
    });

    it('is never a software adapter that nobody named', async () => {
      const { LEVY_GPU: _, ...unnamed } = GPU_ENVIRONMENT;
      expect(await chosen({ ...unnamed, LEVY_GPU: '' }, LARGE)).toBe('wasm');
    });
  },
);
