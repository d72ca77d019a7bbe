import type { GpuEngineOptions } from '../gpu/gpu-engine.js';
import { GPU_ENVIRONMENT, withoutGpuEnvironment } from './gpu-environment.js';

const { LEVY_GPU: adapter, ...env } = GPU_ENVIRONMENT;

/** Options that open a software adapter in place of a GPU; undefined where there is none and tests are to be skipped. */
export const SOFTWARE_ADAPTER: Pick<GpuEngineOptions, 'adapter' | 'env'> | undefined = withoutGpuEnvironment(
  'the gpu engine on WebGPU',
)
  ? undefined
  : { adapter, env };
