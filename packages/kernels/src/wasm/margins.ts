import { type Margins, NO_FACE, type Rectangles } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { overRows, type PassContext, rowsPerTask, TASK_STEPS } from './pass.js';
import type { Block, SharedHeap } from './shared-heap.js';
import { paddedColumns, type WasmMatrix } from './wasm-matrix.js';

/** As in assembly/rectangles.ts: states of the rows that take a rectangle together. */
const STATES = 16 * 32;
/** What the kernel subtracts for faces that cannot be violated, so that their excess is under every other. */
const NO_UPPER = -(2 ** 31);
const NO_LOWER = -(2 ** 31) + NO_FACE;

export async function margins(
  points: WasmMatrix,
  range: RowRange,
  rectangles: Rectangles,
  T: number,
  context: PassContext,
): Promise<Margins> {
  const { heap, pool, options } = context;
  const rows = range.end - range.start;
  const { columns, stride, dtype } = points;
  const withRoom = rectangles.range !== undefined;
  using faces = new Faces(heap, rectangles, T, columns, paddedColumns(dtype, columns));
  using margin = heap.allocate(rows * 4, 'margins');
  using marginOf = heap.allocate(rows * 4, 'margins');
  using room = heap.allocate(withRoom ? rows * 4 : 0, 'rooms');
  using roomOf = heap.allocate(withRoom ? rows * 4 : 0, 'rooms');
  using states = heap.allocate(STATES * pool.size, 'states of rows');

  const piece = rowsPerTask(rows, T * columns, TASK_STEPS.others, pool.size);
  const take = overRows(range, piece, (start, end, thread) => {
    const offset = (start - range.start) * 4;
    return {
      kernel: dtype === 'u1' ? 'marginsOnBytes' : 'marginsOnFloats',
      args: [
        ...[points.start, stride, start, end, T, ...faces.args],
        ...[margin, marginOf, room, roomOf].map((block) => block.start + offset),
        states.start + thread * STATES,
      ],
      steps: (end - start) * T * columns,
    };
  });
  await pool.run(rows * T * columns, take, options);

  const indices = ({ start }: Block) => heap.int32(start, rows).slice();
  const values = ({ start }: Block) =>
    dtype === 'u1' ? heap.int32(start, rows).slice() : heap.float32(start, rows).slice();
  const answer = { margin: values(margin), marginOf: indices(marginOf) };
  return withRoom ? { ...answer, room: values(room), roomOf: indices(roomOf) } : answer;
}

/** The rectangles as the kernels want them, padded columns having no face. */
class Faces implements Disposable {
  /** The kernel's arguments from the counts (bytes) or sums (floats) to the value range. */
  readonly args: readonly number[];
  private readonly blocks: Block[] = [];

  constructor(
    private readonly heap: SharedHeap,
    rectangles: Rectangles,
    private readonly T: number,
    private readonly columns: number,
    private readonly width: number,
  ) {
    try {
      this.args = rectangles.dtype === 'u1' ? this.bytes(rectangles) : this.floats(rectangles);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const block of this.blocks) {
      block[Symbol.dispose]();
    }
  }

  private bytes({ count, sum, above, below, range }: Rectangles & { dtype: 'u1' }): number[] {
    const counts = this.allocate(count.length);
    this.heap.int32(counts, count.length).set(count);
    const face = (none: number, value: (sum: number, reach: number) => number, reaches: Int32Array) =>
      this.intRows(none, (index) => {
        const reach = reaches[index] ?? NO_FACE;
        return reach === NO_FACE ? none : value(sum[index] ?? 0, reach);
      });
    const uppers = face(NO_UPPER, (s, reach) => s + reach, above);
    const lowers = face(NO_LOWER, (s, reach) => s - reach, below);
    if (range === undefined) {
      return [counts, uppers, lowers, 0, 0];
    }
    const behind = (value: (index: number, c: number) => number) =>
      this.intRows(0, (index, t) => value(index, count[t] ?? 1));
    const at = (values: Int32Array, index: number) => values[index] ?? 0;
    return [
      ...[counts, uppers, lowers],
      behind((index, c) => c * range.high - at(sum, index) - at(above, index)),
      behind((index, c) => at(sum, index) - at(below, index) - c * range.low),
    ];
  }

  private floats({ sum, above, below, range }: Rectangles & { dtype: 'f4' }): number[] {
    const rowsOf = (values: Float32Array, padding: number) => {
      const start = this.allocate(this.T * this.width);
      const target = this.heap.float32(start, this.T * this.width).fill(padding);
      for (let t = 0; t < this.T; t++) {
        target.set(values.subarray(t * this.columns, (t + 1) * this.columns), t * this.width);
      }
      return start;
    };
    return [
      ...[rowsOf(sum, 0), rowsOf(above, Number.POSITIVE_INFINITY), rowsOf(below, Number.POSITIVE_INFINITY)],
      ...(range === undefined ? [0, 0, 0] : [1, range.low, range.high]),
    ];
  }

  /** T × width int32, `padding` beyond the columns. @returns where. */
  private intRows(padding: number, value: (index: number, t: number) => number): number {
    const start = this.allocate(this.T * this.width);
    const target = this.heap.int32(start, this.T * this.width).fill(padding);
    for (let t = 0; t < this.T; t++) {
      for (let j = 0; j < this.columns; j++) {
        target[t * this.width + j] = value(t * this.columns + j, t);
      }
    }
    return start;
  }

  private allocate(numbers: number): number {
    const block = this.heap.allocate(numbers * 4, `${this.T} rectangles`);
    this.blocks.push(block);
    return block.start;
  }
}
