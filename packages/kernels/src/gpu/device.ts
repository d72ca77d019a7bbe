import { type Adapter, EngineError, type EngineWork } from '../engine.js';
import {
  DeviceLostError,
  DeviceProcess,
  type Done,
  NO_SECONDS,
  type ProcessOptions,
  WorkError,
} from './device-process.js';
import type { GpuMatrix } from './gpu-matrix.js';
import { rowsPerPart } from './layout.js';
import type { Work } from './protocol.js';

/** Bytes of a matrix in one message to the process. */
const MESSAGE_BYTES = 2 ** 25;

/** The device could not find the memory for some work; less of it at a time may do. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** TooLargeError in the engine's words, where nothing smaller is left to try; other errors as they are. */
export function asMemoryError(error: unknown, what: string): unknown {
  if (!(error instanceof TooLargeError)) return error;
  return new EngineError('memory', `${what}: ${error.message}`, { cause: error });
}

/**
 * A device through all the processes that it takes: asks the one that lives, starts another when it is gone, gives it
 * the matrices that are needed and asks once more. Keeps account of the work.
 */
export class Device implements AsyncDisposable {
  private process: Promise<DeviceProcess>;
  private readonly closing = new AbortController();
  private seconds = NO_SECONDS;
  private readonly tileRows = new Map<string, number>();
  private restarts = 0;

  private constructor(
    private readonly options: ProcessOptions,
    first: DeviceProcess,
  ) {
    this.adapter = first.adapter;
    this.maxBufferBytes = first.maxBufferBytes;
    this.process = Promise.resolve(first);
  }

  readonly adapter: Adapter;
  readonly maxBufferBytes: number;

  /** Rejects with EngineError 'device' where no such device answers. */
  static async open(options: ProcessOptions): Promise<Device> {
    return new Device(options, await DeviceProcess.start(options));
  }

  get work(): EngineWork {
    return {
      seconds: { ...this.seconds },
      tileRows: Object.fromEntries(this.tileRows),
      restarts: this.restarts,
    };
  }

  /** Process id of the device process that lives now, or of the last one. */
  async pid(): Promise<number | undefined> {
    return (await this.process).pid;
  }

  /** @throws EngineError if the engine is disposed */
  checkUsable(): void {
    if (this.closing.signal.aborted) throw new EngineError('device', 'the engine is disposed');
  }

  rowsPerPart(columns: number): number {
    return rowsPerPart(columns, this.maxBufferBytes);
  }

  /** Puts a matrix onto the device now rather than with the first pass. */
  async load(matrix: GpuMatrix): Promise<void> {
    this.rowsPerPart(matrix.columns);
    const put = async (process: DeviceProcess): Promise<Done> => {
      await loaded(process, matrix);
      return { arrays: [], seconds: NO_SECONDS };
    };
    try {
      await this.attempt(put);
    } catch (error) {
      // After a failure the device keeps no tiles, and their room may do.
      if (!(error instanceof TooLargeError)) throw error;
      await this.attempt(put);
    }
  }

  /**
   * Rejects with TooLargeError, with EngineError 'device' if a second process was lost over it, with RangeError for
   * what no device would do.
   */
  async ask(work: Work, matrices: readonly GpuMatrix[]): Promise<Done & { readonly took: number }> {
    const done = await this.attempt(async (process) => {
      for (const matrix of matrices) await loaded(process, matrix);
      return process.ask(work);
    });
    const { kernels, transfer, selection } = done.seconds;
    this.seconds = {
      kernels: this.seconds.kernels + kernels,
      transfer: this.seconds.transfer + transfer,
      selection: this.seconds.selection + selection,
    };
    return { ...done, took: kernels + transfer + selection };
  }

  /** Remembers the largest tile of a kind of pass. */
  noteTile(pass: string, rows: number): void {
    this.tileRows.set(pass, Math.max(rows, this.tileRows.get(pass) ?? 0));
  }

  unload(matrix: GpuMatrix): void {
    if (this.closing.signal.aborted) return;
    void this.process
      .then((process) => {
        if (!process.loads.delete(matrix.number)) return undefined;
        return process.ask({ op: 'unload', matrix: matrix.number });
      })
      // A process that is gone holds nothing.
      .catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    const process = await this.process.catch(() => undefined);
    await process?.stop();
  }

  /** Asks the process that lives, and once more another one if it is lost meanwhile. */
  private async attempt(ask: (process: DeviceProcess) => Promise<Done>): Promise<Done> {
    this.checkUsable();
    const process = await this.living();
    try {
      return await ask(process);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw this.fault(error);
    }
    try {
      return await ask(await this.living(process));
    } catch (error) {
      throw this.fault(error);
    }
  }

  /** The process, or another one where it is known to be lost. */
  private async living(lost?: DeviceProcess): Promise<DeviceProcess> {
    for (;;) {
      const asked = this.process;
      const current = await asked.catch(() => undefined);
      this.checkUsable();
      if (current !== undefined && current !== lost && !current.isLost) return current;
      // Several passes may find it lost at once: the first starts another, for all.
      if (this.process !== asked) continue;
      this.restarts += 1;
      this.process = this.restarted(current);
      return this.process;
    }
  }

  private async restarted(lost: DeviceProcess | undefined): Promise<DeviceProcess> {
    await lost?.stop();
    this.checkUsable();
    return DeviceProcess.start(this.options, this.closing.signal);
  }

  private fault(error: unknown): unknown {
    if (this.closing.signal.aborted)
      return new EngineError('device', 'the engine is disposed', { cause: error });
    if (error instanceof DeviceLostError) {
      const message = `the device process was lost twice over the same work: ${error.message}`;
      return new EngineError('device', message, { cause: error });
    }
    if (!(error instanceof WorkError)) return error;
    if (error.kind === 'memory') return new TooLargeError(error.message, { cause: error });
    if (error.kind === 'input') return new RangeError(error.message, { cause: error });
    return new EngineError('device', error.message, { cause: error });
  }
}

/** Sends a matrix to a process that does not have it. */
function loaded(process: DeviceProcess, matrix: GpuMatrix): Promise<void> {
  const known = process.loads.get(matrix.number);
  if (known !== undefined) return known;
  const load = send(process, matrix);
  process.loads.set(matrix.number, load);
  load.catch(() => {
    process.loads.delete(matrix.number);
    // Parts of it may be there.
    process.ask({ op: 'unload', matrix: matrix.number }).catch(() => {});
  });
  return load;
}

async function send(process: DeviceProcess, { number, matrix }: GpuMatrix): Promise<void> {
  const { dtype, rows, columns, data } = matrix;
  await process.ask({ op: 'load', matrix: number, dtype, rows, columns });
  const bytes = Math.max(1, columns * data.BYTES_PER_ELEMENT);
  const rowsAtOnce = Math.max(1, Math.floor(MESSAGE_BYTES / bytes));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const some = data.subarray(row * columns, Math.min(rows, row + rowsAtOnce) * columns);
    await process.ask({ op: 'append', matrix: number, rows: Math.min(rowsAtOnce, rows - row), data: some });
  }
}
