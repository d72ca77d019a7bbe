import { parentPort, workerData } from 'node:worker_threads';

/**
 * One thread of the pool: the kernels over the shared memory, and one task at a time. Whatever goes wrong here
 * is a fault of the engine and ends the thread; the pool hears of it and fails what was running.
 */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export interface TaskMessage {
  readonly kernel: string;
  readonly args: readonly number[];
}

const { module, memory }: WorkerStart = workerData;
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;

parentPort?.on('message', ({ kernel, args }: TaskMessage) => {
  const run = kernels[kernel];
  if (typeof run !== 'function') {
    throw new Error(`there is no kernel named ${kernel}`);
  }
  run(...args);
  parentPort?.postMessage('done');
});
parentPort?.postMessage('ready');
