import { GPU, type IKernelFunctionThis, type IKernelRunShortcut, Input, input } from 'gpu.js';
import type { GpuMode } from '../../engine.js';
import { type BufferResult, deviceOf, isBufferResult } from './buffer-result.js';

/**
 * Numbers where kernels run: a buffer on the device, or an array where gpu.js computes on the processor. Dispose it: a
 * buffer goes when neither its kernel nor anybody else holds it.
 */
export class DeviceArray implements Disposable {
  constructor(
    private readonly held: BufferResult | Float32Array,
    /** Numbers in it. */
    readonly length: number,
  ) {}

  /** As a kernel takes it, seen as a matrix or a cube: fastest dimension first. */
  as(sizes: Sizes): BufferResult | Input {
    if (this.held instanceof Float32Array) return input(this.held, [...sizes]);
    // The same bytes under other sizes: the result of a kernel that answers several numbers a thread, number by number.
    const view = this.held.clone();
    view.componentCount = 1;
    view.output = [...sizes];
    return view;
  }

  /** Copies the numbers to the host. */
  async read(): Promise<Float32Array> {
    if (this.held instanceof Float32Array) return this.held;
    const view = this.held.clone();
    view.componentCount = 1;
    view.output = [this.length];
    try {
      return flattened(await view.toArray(), this.length);
    } finally {
      view.delete();
    }
  }

  [Symbol.dispose](): void {
    if (!(this.held instanceof Float32Array)) this.held.delete();
  }
}

export type Sizes = readonly [number] | readonly [number, number] | readonly [number, number, number];

/** What a kernel is given: numbers of the device, of the host, or one number. */
export type Argument =
  | number
  | { readonly array: DeviceArray; readonly sizes: Sizes }
  | { readonly values: Float32Array; readonly sizes: Sizes };

// biome-ignore lint/suspicious/noExplicitAny: gpu.js reads kernels of any arguments from their text.
export type KernelSource = (this: IKernelFunctionThis<any>, ...args: any[]) => number | readonly number[];

export interface KernelCall {
  readonly kernel: KernelSource;
  /** Numbers a thread answers. */
  readonly components: 1 | 2 | 3 | 4;
  readonly constants: Readonly<Record<string, number>>;
  readonly output: Sizes;
  readonly args: readonly Argument[];
  /** Where the output goes: calls with the same slot overwrite each other's, whatever they answered. */
  readonly slot: string;
}

/** The device has no memory for an output or an argument. */
export class DeviceMemoryError extends Error {
  override readonly name = 'DeviceMemoryError';
}

/** Kernels that are kept compiled. */
const MOST_KERNELS = 48;

/** Compiles kernels for one backend of gpu.js, keeps them, runs them, and makes sure that they ran there. */
export class KernelRunner {
  private readonly gpu: GPU;
  private readonly kernels = new Map<
    string,
    { readonly kernel: IKernelRunShortcut; readonly slot: string }
  >();
  private device: GPUDevice | undefined;

  constructor(readonly mode: GpuMode) {
    this.gpu = new GPU({ mode });
  }

  /** Runs a kernel; its output stays where it is until the slot is used again. */
  async run(call: KernelCall): Promise<DeviceArray> {
    const { kernel, made } = this.kernelOf(call, { immutable: false });
    return this.runOn(kernel, call, made);
  }

  /** Runs a kernel once; its output is nobody else's, and the kernel's own memory is given back. */
  async runOnce(call: KernelCall): Promise<DeviceArray> {
    const kernel = this.create(call, { immutable: true });
    try {
      return await this.runOn(kernel, call, true);
    } finally {
      kernel.destroy();
    }
  }

  /** Resolves when everything that was submitted has been done. */
  async settled(): Promise<void> {
    await this.device?.queue.onSubmittedWorkDone();
  }

  /**
   * Runs work and makes sure that the device could do it: what WebGPU refuses it only tells on the side, and outputs
   * are then worth nothing. Rejects as the work does, or with DeviceMemoryError or Error in the device's words.
   */
  async guarded<R>(work: () => Promise<R>): Promise<R> {
    const { device } = this;
    if (device === undefined) return work();
    for (const scope of ['validation', 'out-of-memory', 'internal'] as const) device.pushErrorScope(scope);
    const outcome = await work().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const internal = await device.popErrorScope();
    const memory = await device.popErrorScope();
    const validation = await device.popErrorScope();
    if (memory !== null) throw new DeviceMemoryError(memory.message);
    if ('error' in outcome) throw outcome.error;
    const refused = internal ?? validation;
    if (refused !== null) throw new Error(refused.message);
    return outcome.result;
  }

  /** Gives back what kernels hold, compiled code and outputs: of all, or of those that wrote into slots of this name. */
  forget(slots = ''): void {
    for (const [key, { kernel, slot }] of this.kernels) {
      if (!slot.startsWith(slots)) continue;
      kernel.destroy();
      this.kernels.delete(key);
    }
  }

  private async runOn(kernel: IKernelRunShortcut, call: KernelCall, made: boolean): Promise<DeviceArray> {
    // On the processor a kernel is of one size, which its key names.
    if (this.mode === 'webgpu') kernel.setOutput([...call.output]);
    const views: BufferResult[] = [];
    const args = call.args.map((argument) => {
      if (typeof argument === 'number') return argument;
      if ('values' in argument) return input(argument.values, [...argument.sizes]);
      const view = argument.array.as(argument.sizes);
      if (!(view instanceof Input)) views.push(view);
      return view;
    });
    const length = call.output.reduce<number>((product, size) => product * size, call.components);
    try {
      const result: unknown = await kernel(...args);
      if (made) this.check(kernel, call);
      return new DeviceArray(isBufferResult(result) ? result : flattened(result, length), length);
    } finally {
      for (const view of views) view.delete();
    }
  }

  private kernelOf(
    call: KernelCall,
    options: { readonly immutable: boolean },
  ): { kernel: IKernelRunShortcut; made: boolean } {
    const key = this.keyOf(call);
    const known = this.kernels.get(key);
    if (known !== undefined) {
      // The last used are kept.
      this.kernels.delete(key);
      this.kernels.set(key, known);
      return { kernel: known.kernel, made: false };
    }
    for (const [oldest, { kernel }] of this.kernels) {
      if (this.kernels.size < MOST_KERNELS) break;
      kernel.destroy();
      this.kernels.delete(oldest);
    }
    const kernel = this.create(call, options);
    this.kernels.set(key, { kernel, slot: call.slot });
    return { kernel, made: true };
  }

  /** On the processor gpu.js bakes the sizes of arguments into a kernel. */
  private keyOf({ kernel, constants, output, args, slot }: KernelCall): string {
    const sizes = args.map((argument) => (typeof argument === 'number' ? 0 : argument.sizes));
    const shape = this.mode === 'webgpu' ? output.length : { output, sizes };
    return JSON.stringify([kernel.name, slot, constants, shape]);
  }

  private create({ kernel, constants, output }: KernelCall, { immutable }: { immutable: boolean }) {
    const dynamic = this.mode === 'webgpu';
    return this.gpu.createKernel(kernel.toString(), {
      output: [...output],
      constants: { ...constants },
      precision: 'single',
      pipeline: true,
      immutable,
      dynamicOutput: dynamic,
      dynamicArguments: dynamic,
    });
  }

  /** gpu.js falls back to plain JavaScript with no more than a warning. */
  private check(shortcut: IKernelRunShortcut, { kernel }: KernelCall): void {
    const { mode, fallbackReason } = ranOn(shortcut);
    if (mode !== this.mode) {
      const why = fallbackReason === undefined ? '' : `: ${fallbackReason}`;
      throw new Error(`gpu.js ran the kernel ${kernel.name} in mode ${mode} instead of ${this.mode}${why}`);
    }
    this.device ??= deviceOf(shortcut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.forget();
    await this.gpu.destroy();
    this.device?.destroy();
  }
}

function ranOn({ kernel }: IKernelRunShortcut): { mode: string; fallbackReason: string | undefined } {
  const backend: unknown = kernel.constructor;
  const mode = typeof backend === 'function' && 'mode' in backend ? String(backend.mode) : 'unknown';
  return { mode, fallbackReason: kernel.fallbackReason ?? undefined };
}

/** Whatever gpu.js answers of an output, as one array in the order of its numbers. */
function flattened(result: unknown, length: number): Float32Array {
  if (result instanceof Float32Array && result.length === length) return result;
  const flat = new Float32Array(length);
  let filled = 0;
  const add = (part: unknown): void => {
    if (part instanceof Float32Array) {
      flat.set(part, filled);
      filled += part.length;
    } else if (Array.isArray(part)) {
      for (const each of part) add(each);
    } else if (typeof part === 'number') {
      flat[filled] = part;
      filled += 1;
    } else {
      throw new TypeError('gpu.js answered what is no output of a kernel');
    }
  };
  add(result);
  if (filled !== length) throw new TypeError(`gpu.js answered ${filled} numbers instead of ${length}`);
  return flat;
}
