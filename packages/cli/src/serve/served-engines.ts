import type { EngineClass } from '@levy/contracts';
import { findAdapter } from '@levy/kernels';
import type { Context } from '../context.js';
import { gpuOptions } from '../engine.js';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import type { ServeSettings } from './serve-settings.js';

/**
 * The engines that `levy serve` starts a worker for: the one that LEVY_ENGINE names, and else the processor, and the gpu
 * besides where one answers. Both, since a job may ask for either by name and must find somebody, and since small jobs
 * need not wait behind large ones on the gpu.
 * Throws CommandError where a gpu is asked for and none answers.
 */
export async function servedEngines(context: Context, settings: ServeSettings): Promise<EngineClass[]> {
  if (settings.engine === 'wasm') return ['wasm'];
  const adapter = await findAdapter(gpuOptions(context, settings));
  if (settings.engine === 'auto') return adapter === undefined ? ['wasm'] : ['wasm', 'gpu'];
  if (adapter !== undefined) return ['gpu'];
  const named = settings.gpu === undefined ? '' : ` that has "${settings.gpu}" (LEVY_GPU) in its name`;
  throw new CommandError(
    EXIT.refused,
    `LEVY_ENGINE is "gpu", but no graphics adapter answers${named}; levy doctor looks closer`,
  );
}
