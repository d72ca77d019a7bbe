import type { EngineClass, JobSpec } from '@levy/contracts';
import type { DatasetStore } from '@levy/datasets';
import {
  createGpuEngine,
  createWasmEngine,
  type Engine,
  findAdapter,
  type GpuEngineOptions,
} from '@levy/kernels';
import { chooseEngine } from '@levy/plan';
import type { Context } from './context.js';
import type { CommandSettings } from './settings.js';

/**
 * The engine class for all jobs of a command, which ask for the same. "auto" takes the gpu where one answers and one of
 * them is large enough for it: small jobs do not wait for a look at the machine's adapters.
 */
export async function engineClassFor(
  specs: readonly JobSpec[],
  store: DatasetStore,
  context: Context,
  settings: CommandSettings,
): Promise<EngineClass> {
  const asked = specs.find(({ engine }) => engine !== 'auto')?.engine;
  if (asked === 'wasm' || asked === 'gpu') return asked;
  if (!(await someAreLarge(specs, store, settings))) return 'wasm';
  return (await findAdapter(gpuOptions(context, settings))) === undefined ? 'wasm' : 'gpu';
}

/** Rejects with EngineError where it cannot be had. */
export function openEngine(
  engine: EngineClass,
  context: Context,
  settings: CommandSettings,
): Promise<Engine> {
  const { threads } = settings;
  return engine === 'wasm'
    ? createWasmEngine({ threads })
    : createGpuEngine({ ...gpuOptions(context, settings), threads });
}

/** Which adapter is wanted; the device process has the command's variables. */
export function gpuOptions(
  { env }: Context,
  { gpu }: { readonly gpu: string | undefined },
): Pick<GpuEngineOptions, 'adapter' | 'env'> {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { adapter: gpu, env: Object.fromEntries(given) };
}

async function someAreLarge(
  specs: readonly JobSpec[],
  store: DatasetStore,
  { threads }: CommandSettings,
): Promise<boolean> {
  for (const spec of specs) {
    const dataset = await store.require(spec.dataset);
    if (chooseEngine(spec, dataset, { wasm: { threads }, gpu: { threads } }) === 'gpu') return true;
  }
  return false;
}
