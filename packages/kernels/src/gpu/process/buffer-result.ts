import type { IKernelRunShortcut, Texture } from 'gpu.js';

/**
 * What a kernel in `pipeline` mode answers on WebGPU: a buffer that stays on the device, counted by its holders. gpu.js
 * takes it where its types say Texture, and declares no type of its own.
 */
export interface BufferResult extends Texture {
  /** Numbers a thread wrote. */
  componentCount: number;
  /** Threads, fastest dimension first. */
  output: number[];
  clone(): BufferResult;
}

export function isBufferResult(value: unknown): value is BufferResult {
  return (
    typeof value === 'object' &&
    value !== null &&
    'componentCount' in value &&
    'output' in value &&
    'buffer' in value &&
    'toArray' in value &&
    'delete' in value &&
    'clone' in value
  );
}

/** The device that a kernel ran on; undefined where it ran on the processor. */
export function deviceOf({ kernel }: IKernelRunShortcut): GPUDevice | undefined {
  const context: unknown = kernel.context;
  if (typeof context !== 'object' || context === null || !('device' in context)) return undefined;
  const { device } = context;
  return isDevice(device) ? device : undefined;
}

function isDevice(value: unknown): value is GPUDevice {
  return typeof value === 'object' && value !== null && 'queue' in value && 'pushErrorScope' in value;
}
