import type { EngineClass } from '@levy/contracts';
import { findAdapter } from '@levy/kernels';
import type { Logger } from 'pino';
import type { WorkerSettings } from './settings.js';

/**
 * The engine class that this worker offers: the one that LEVY_ENGINE names; under auto the gpu if an adapter answers,
 * a software adapter only where LEVY_GPU names it, else the processor. A gpu that is asked for is not looked for here:
 * the engine itself says what is missing when it starts.
 */
export async function engineClassFor(
  { engine, gpu }: Pick<WorkerSettings, 'engine' | 'gpu'>,
  logger: Logger,
): Promise<EngineClass> {
  if (engine !== 'auto') return engine;
  const adapter = await findAdapter({ adapter: gpu });
  if (adapter !== undefined) return 'gpu';
  if (gpu !== undefined)
    logger.warn({ LEVY_GPU: gpu }, 'no such graphics adapter answers; the processor computes');
  return 'wasm';
}
