import { transpose } from '../kernels/transpose.js';
import { padded, rowsPerPart } from '../layout.js';
import type { DeviceArray, KernelRunner, Sizes } from './runner.js';

/** Some rows of a matrix, transposed: [column][row], padded with zeros. */
export interface Part {
  readonly first: number;
  readonly rows: number;
  readonly array: DeviceArray;
  readonly sizes: Sizes;
}

/** A matrix on the device, in as many buffers as it takes. It is filled row by row. */
export class DeviceMatrix implements Disposable {
  readonly parts: Part[] = [];
  private readonly perPart: number;
  private staged: Float32Array = new Float32Array();
  private filled = 0;

  constructor(
    private readonly runner: KernelRunner,
    readonly dtype: 'u1' | 'f4',
    readonly rows: number,
    readonly columns: number,
    maxBufferBytes: number,
  ) {
    this.perPart = rowsPerPart(columns, maxBufferBytes);
  }

  /** Columns with their padding. */
  get width(): number {
    return padded(this.columns);
  }

  /** Takes the next rows. */
  async append(data: Uint8Array | Float32Array, rows: number): Promise<void> {
    if (data.length !== rows * this.columns || this.filled + rows > this.rows) {
      throw new RangeError(`${data.length} numbers are not ${rows} rows that are missing`);
    }
    for (let row = 0; row < rows; row++) {
      const inPart = this.filled % this.perPart;
      const size = Math.min(this.perPart, this.rows - (this.filled - inPart));
      if (inPart === 0) this.staged = new Float32Array(padded(size) * this.width);
      this.staged.set(data.subarray(row * this.columns, (row + 1) * this.columns), inPart * this.width);
      this.filled += 1;
      if (inPart + 1 === size) await this.upload(this.filled - size, size);
    }
  }

  /** The part that holds a row. */
  partOf(row: number): Part {
    const part = this.parts[Math.floor(row / this.perPart)];
    if (part === undefined) throw new RangeError(`row ${row} is not on the device`);
    return part;
  }

  [Symbol.dispose](): void {
    for (const { array } of this.parts) array[Symbol.dispose]();
  }

  private async upload(first: number, rows: number): Promise<void> {
    const sizes = [padded(rows), this.width] as const;
    const array = await this.runner.runOnce({
      kernel: transpose,
      components: 1,
      constants: {},
      output: sizes,
      args: [{ values: this.staged, sizes: [sizes[1], sizes[0]] }],
      slot: 'matrix',
    });
    this.staged = new Float32Array();
    this.parts.push({ first, rows, array, sizes });
  }
}
