import type { MatrixHandle } from '../engine.js';
import type { Matrix } from '../matrix.js';
import type { Block, SharedHeap } from './shared-heap.js';

/** Rows are padded with zeros to a whole number of vectors. */
const VECTOR = 16;

/** Bytes from one row of such a matrix to the next. */
export function strideOf(dtype: Matrix['dtype'], columns: number): number {
  return Math.ceil((columns * (dtype === 'u1' ? 1 : 4)) / VECTOR) * VECTOR;
}

/** Numbers in a padded row. */
export function paddedColumns(dtype: Matrix['dtype'], columns: number): number {
  return strideOf(dtype, columns) / (dtype === 'u1' ? 1 : 4);
}

/** A matrix in the shared memory. Its bytes are given back once it is disposed and no pass uses it. */
export class WasmMatrix implements MatrixHandle {
  readonly dtype: Matrix['dtype'];
  readonly rows: number;
  readonly columns: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  private readonly block: Block;
  private users = 1;
  private disposed = false;

  constructor(
    readonly heap: SharedHeap,
    matrix: Matrix,
  ) {
    this.dtype = matrix.dtype;
    this.rows = matrix.rows;
    this.columns = matrix.columns;
    this.stride = strideOf(matrix.dtype, matrix.columns);
    this.block = heap.allocate(this.rows * this.stride, 'the rows of a matrix');
    copyRows(heap, matrix, this.block.start, this.stride);
  }

  /** Address of its first row. */
  get start(): number {
    return this.block.start;
  }

  /** Keeps its bytes for the length of a pass. */
  use(): Disposable {
    this.checkUsable();
    this.users += 1;
    return { [Symbol.dispose]: () => this.leave() };
  }

  checkUsable(): void {
    if (this.disposed) {
      throw new RangeError('the matrix handle is disposed');
    }
  }

  [Symbol.dispose](): void {
    if (!this.disposed) {
      this.disposed = true;
      this.leave();
    }
  }

  private leave(): void {
    this.users -= 1;
    if (this.users === 0) {
      this.block[Symbol.dispose]();
    }
  }
}

function copyRows(heap: SharedHeap, matrix: Matrix, start: number, stride: number): void {
  const { rows, columns, data } = matrix;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const target = heap.bytes(start, rows * stride);
  const length = rows === 0 ? 0 : bytes.length / rows;
  if (length === stride) {
    target.set(bytes);
    return;
  }
  target.fill(0);
  for (let i = 0; i < rows && columns > 0; i++) {
    target.set(bytes.subarray(i * length, (i + 1) * length), i * stride);
  }
}
