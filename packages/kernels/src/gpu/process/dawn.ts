import type { Static } from 'typebox';
import { create, globals } from 'webgpu';
import type { AdapterSchema } from '../protocol.js';

/** WebGPU in this process, for gpu.js to find: Dawn, narrowed to the adapter that was asked for. */
export interface Dawn {
  readonly adapter: Static<typeof AdapterSchema>;
  readonly maxBufferBytes: number;
  /** Resolves with the reason if the device that gpu.js took is lost. */
  readonly lost: Promise<string>;
  /** Takes the device away, as a driver does that resets it. */
  lose(): void;
}

/** There is nothing to compute on; the message says why and what to do. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError';
}

/** A name that no adapter has: Dawn answers with those that there are. */
const NO_ADAPTER = 'none, to list them all';

/**
 * Opens the adapter whose name contains `wanted`, in any case, or without it the first that is no software adapter.
 * Defines `navigator.gpu`. Throws NoAdapterError where there is none.
 */
export async function openDawn(wanted: string | undefined): Promise<Dawn> {
  const gpu = wanted === undefined ? create([]) : await named(wanted);
  const found = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (found === null) {
    throw new NoAdapterError(
      'no WebGPU adapter answers: a GPU needs its Vulkan driver and the Vulkan loader (libvulkan1) here',
    );
  }
  const { vendor, architecture, device, description, isFallbackAdapter } = found.info;
  const adapter = {
    ...{ vendor, architecture, device, driver: description },
    type: isFallbackAdapter ? 'cpu' : 'gpu',
    mode: 'webgpu',
  } as const;
  if (wanted === undefined && isFallbackAdapter) {
    throw new NoAdapterError(
      `only a software adapter answers (${description}), which computes on the processor; name it in LEVY_GPU to use it all the same`,
    );
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = found.limits;
  const taken: GPUDevice[] = [];
  let tellLost: (why: string) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    tellLost = resolve;
  });
  Object.assign(globalThis, globals);
  // gpu.js asks without any wish, and every device needs an adapter of its own.
  const asGpuJsSees = {
    async requestAdapter() {
      const fresh = await gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (fresh === null) return null;
      return {
        limits: fresh.limits,
        async requestDevice(descriptor: GPUDeviceDescriptor) {
          const device = await fresh.requestDevice(descriptor);
          taken.push(device);
          void device.lost.then(({ message, reason }) => tellLost(message || reason));
          return device;
        },
      };
    },
  };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: asGpuJsSees }, configurable: true });
  return {
    adapter,
    maxBufferBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize),
    lost,
    lose: () => {
      for (const device of taken) device.destroy();
    },
  };
}

async function named(wanted: string): Promise<GPU> {
  const names = await adapterNames();
  const name = names.find((each) => each.toLowerCase().includes(wanted.toLowerCase()));
  if (name === undefined) {
    const there = names.length === 0 ? 'none answers' : `there are: ${names.join(', ')}`;
    throw new NoAdapterError(`no adapter's name contains "${wanted}" (LEVY_GPU); ${there}`);
  }
  return create([`adapter=${name}`]);
}

async function adapterNames(): Promise<string[]> {
  try {
    await create([`adapter=${NO_ADAPTER}`]).requestAdapter();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [...message.matchAll(/name: '([^']*)'/g)].map(([, name = '']) => name);
  }
}
