import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { GpuMode } from '../../engine.js';
import { transpose } from '../kernels/transpose.js';
import { type Answer, asks, type Work } from '../protocol.js';
import { NoAdapterError, openDawn } from './dawn.js';
import { Operations } from './operations.js';
import { DeviceMemoryError, KernelRunner } from './runner.js';

/**
 * The device process: holds one adapter, or a backend of gpu.js on the processor, and does what its parent asks, one
 * after the other. It ends with its parent, when it is told to, and when the device is lost.
 *
 * Arguments: mode, the adapter's name or nothing, what a buffer may take at most.
 */

/** How long giving everything back may take at the end. */
const CLOSE_MS = 1000;
/** How long after a fault the loss of the device may come to light. */
const LOSS_MS = 50;
/** gpu.js's backends on the processor have no limit of their own. */
const PROCESSOR_BUFFER_BYTES = 2 ** 28;

await main();

async function main(): Promise<void> {
  if (process.send === undefined) throw new Error('the device process is started by the gpu engine only');
  const [mode, wanted, most] = [
    modeOf(process.argv[2]),
    process.argv[3] || undefined,
    Number(process.argv[4]),
  ];
  process.on('disconnect', () => process.exit());
  // A terminal's Ctrl-C reaches this process too; its parent decides.
  process.on('SIGINT', () => {});
  try {
    const { adapter, maxBufferBytes: allowed } = await openDevice(mode, wanted);
    const maxBufferBytes = Math.min(allowed, most);
    const runner = new KernelRunner(mode);
    await proveKernels(runner);
    serve(new Operations(runner, maxBufferBytes), runner);
    tell({ type: 'ready', adapter, maxBufferBytes });
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    leave({ type: 'unfit', why: error.message });
  }
}

/** An adapter that answers may still have no device to give, or none that computes. */
async function proveKernels(runner: KernelRunner): Promise<void> {
  const values = Float32Array.from({ length: 6 }, (_, index) => index);
  const answer = await runner
    .guarded(async () => {
      const call = {
        kernel: transpose,
        components: 1,
        constants: {},
        output: [3, 2],
        slot: 'proof',
      } as const;
      using transposed = await runner.runOnce({ ...call, args: [{ values, sizes: [2, 3] }] });
      return await transposed.read();
    })
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (typeof answer === 'string') throw new NoAdapterError(`the adapter runs no kernel: ${answer}`);
  if (answer.join() !== '0,2,4,1,3,5') throw new NoAdapterError('the adapter computes wrongly');
}

async function openDevice(mode: GpuMode, wanted: string | undefined) {
  if (mode !== 'webgpu') {
    const device = cpus()[0]?.model.trim() ?? 'unknown processor';
    const adapter = { vendor: 'gpu.js', architecture: mode, device, driver: `gpu.js, mode ${mode}` };
    return { adapter: { ...adapter, type: 'cpu', mode }, maxBufferBytes: PROCESSOR_BUFFER_BYTES } as const;
  }
  const dawn = await openDawn(wanted);
  void dawn.lost.then((why) => leave({ type: 'lost', why }));
  process.on('SIGUSR2', () => dawn.lose());
  return dawn;
}

/** Does one piece of work after the other; they wait here while the device is busy. */
function serve(operations: Operations, runner: KernelRunner): void {
  let last: Promise<void> = Promise.resolve();
  process.on('message', (message: unknown) => {
    if (!asks.fits(message)) {
      throw new TypeError(`the engine asked for what is no work: ${JSON.stringify(asks.faults(message))}`);
    }
    if (message.type === 'close') {
      setTimeout(() => process.exit(), CLOSE_MS).unref();
      void last.then(() => runner[Symbol.asyncDispose]()).finally(() => process.exit());
      return;
    }
    const { id, work } = message;
    last = last.then(async () => tell(await answered(id, work, operations, runner)));
  });
}

async function answered(
  id: number,
  work: Work,
  operations: Operations,
  runner: KernelRunner,
): Promise<Answer> {
  try {
    return { type: 'done', id, ...(await runner.guarded(() => operations.do(work))) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const kind = kindOf(error, why);
    if (kind !== 'input') operations.forgetTiles();
    // Work may fail before the loss of the device is told, which ends this process.
    if (kind === 'device') await delay(LOSS_MS);
    return { type: 'failed', id, kind, why };
  }
}

function kindOf(error: unknown, why: string): 'memory' | 'device' | 'input' {
  // gpu.js refuses buffers beyond the device's limits before it asks for them; V8 refuses arrays.
  if (
    error instanceof DeviceMemoryError ||
    /per storage buffer|allocation failed|invalid (typed )?array length/i.test(why)
  ) {
    return 'memory';
  }
  return error instanceof RangeError ? 'input' : 'device';
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

/** The last word of this process. */
function leave(answer: Answer): void {
  const end = (): never => process.exit(1);
  setTimeout(end, CLOSE_MS);
  process.send?.(answer, end);
}

function modeOf(text: string | undefined): GpuMode {
  if (text === 'webgpu' || text === 'webasm' || text === 'cpu') return text;
  throw new Error(`"${text}" is no mode of gpu.js`);
}
