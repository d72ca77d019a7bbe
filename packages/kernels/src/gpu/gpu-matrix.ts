import type { MatrixHandle } from '../engine.js';
import type { Matrix } from '../matrix.js';
import type { Device } from './device.js';

let lastNumber = 0;

/**
 * A matrix of a gpu engine. The host keeps a copy, so that a device process that was started anew can be given it
 * again; what the device holds goes when nobody uses it any more.
 */
export class GpuMatrix implements MatrixHandle {
  /** Its name between the processes. */
  readonly number: number;
  readonly dtype: Matrix['dtype'];
  readonly rows: number;
  readonly columns: number;
  private held: Matrix | undefined;
  private readonly goodbyes: (() => void)[] = [];
  private users = 1;
  private disposed = false;

  constructor(
    readonly device: Device,
    matrix: Matrix,
  ) {
    lastNumber += 1;
    this.number = lastNumber;
    this.held = copyOf(matrix);
    this.dtype = matrix.dtype;
    this.rows = matrix.rows;
    this.columns = matrix.columns;
  }

  get matrix(): Matrix {
    if (this.held === undefined) throw new RangeError('the matrix handle is disposed');
    return this.held;
  }

  checkUsable(): void {
    if (this.disposed) throw new RangeError('the matrix handle is disposed');
  }

  /** Keeps it for the length of a pass. */
  use(): Disposable {
    this.checkUsable();
    this.users += 1;
    return { [Symbol.dispose]: () => this.leave() };
  }

  /** Calls when nobody uses it any more. */
  onGone(goodbye: () => void): void {
    this.goodbyes.push(goodbye);
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    this.leave();
  }

  private leave(): void {
    this.users -= 1;
    if (this.users > 0) return;
    this.held = undefined;
    this.device.unload(this);
    for (const goodbye of this.goodbyes) goodbye();
  }
}

function copyOf(matrix: Matrix): Matrix {
  return matrix.dtype === 'u1'
    ? { ...matrix, data: matrix.data.slice() }
    : { ...matrix, data: matrix.data.slice() };
}
