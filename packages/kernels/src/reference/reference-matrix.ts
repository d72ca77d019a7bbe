import type { MatrixHandle } from '../engine.js';
import type { Matrix } from '../matrix.js';

/** A copy of a matrix as float64, which holds every byte and every float32 as it is. */
export class ReferenceMatrix {
  readonly dtype: Matrix['dtype'];
  readonly rows: number;
  readonly columns: number;
  private readonly values: Float64Array;

  constructor(matrix: Matrix) {
    this.dtype = matrix.dtype;
    this.rows = matrix.rows;
    this.columns = matrix.columns;
    this.values = Float64Array.from(matrix.data);
  }

  row(index: number): Float64Array {
    return this.values.subarray(index * this.columns, (index + 1) * this.columns);
  }
}

/** Lets go of its matrix when disposed; a pass that runs then keeps its own hold on it. */
export class ReferenceHandle implements MatrixHandle {
  readonly dtype: Matrix['dtype'];
  readonly rows: number;
  readonly columns: number;
  private held: ReferenceMatrix | undefined;

  constructor(matrix: Matrix) {
    this.held = new ReferenceMatrix(matrix);
    this.dtype = matrix.dtype;
    this.rows = matrix.rows;
    this.columns = matrix.columns;
  }

  get matrix(): ReferenceMatrix {
    if (this.held === undefined) {
      throw new RangeError('the matrix handle is disposed');
    }
    return this.held;
  }

  [Symbol.dispose](): void {
    this.held = undefined;
  }
}
