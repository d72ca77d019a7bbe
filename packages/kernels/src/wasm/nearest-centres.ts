import type { Assignment, Centres } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { overRows, type PassContext, rowsPerTask, TASK_STEPS, TILE } from './pass.js';
import type { SharedHeap } from './shared-heap.js';
import { paddedColumns, type WasmMatrix } from './wasm-matrix.js';

export async function nearestCentres(
  points: WasmMatrix,
  range: RowRange,
  centres: Centres,
  T: number,
  context: PassContext,
): Promise<Assignment> {
  const { heap, pool, options } = context;
  const rows = range.end - range.start;
  const { columns, stride } = points;
  const width = paddedColumns(points.dtype, columns);
  const bytes = centres.dtype === 'u1';
  using labels = heap.allocate(rows * 4, 'labels');
  using distances = heap.allocate(rows * 8, 'distances to centres');
  using numbers = heap.allocate(T * width * 4, `${T} centres`);
  using rounded = heap.allocate(bytes ? T * stride : 0, `${T} centres`);
  using counts = heap.allocate(bytes ? T * 4 : 0, `${T} centres`);
  using errors = heap.allocate(bytes ? T * 8 : 0, `${T} centres`);
  const norms = 4 * 2 * TILE;
  const tile = 4 * TILE * TILE;
  const own = norms + tile + 4 * TILE * T;
  using scratch = heap.allocate(bytes ? own * pool.size : 0, 'distances to rounded centres');

  if (bytes) {
    pad(heap.int32(numbers.start, T * width), centres.sum, columns, width);
    heap.int32(counts.start, T).set(centres.count);
    round(heap, centres, columns, stride, rounded.start, errors.start);
  } else {
    pad(heap.float32(numbers.start, T * width), centres.sum, columns, width);
  }
  const piece = rowsPerTask(rows, T * columns, bytes ? 5 * TASK_STEPS.others : TASK_STEPS.others, pool.size);
  const take = overRows(range, piece, (start, end, thread) => {
    const label = labels.start + (start - range.start) * 4;
    const distance = distances.start + (start - range.start) * 8;
    const at = scratch.start + thread * own;
    return {
      kernel: bytes ? 'centresOnBytes' : 'centresOnFloats',
      args: bytes
        ? [
            ...[
              points.start,
              stride,
              start,
              end,
              T,
              rounded.start,
              counts.start,
              numbers.start,
              errors.start,
            ],
            ...[label, distance, at, at + norms, at + norms + tile],
          ]
        : [points.start, stride, start, end, T, numbers.start, label, distance],
      steps: (end - start) * T * columns,
    };
  });
  await pool.run(rows * T * columns, take, options);
  return {
    labels: heap.int32(labels.start, rows).slice(),
    distances: heap.float64(distances.start, rows).slice(),
  };
}

/** Writes each centre rounded to bytes, and Σ_j by how much it is off: what the kernel's bounds stand on. */
function round(
  heap: SharedHeap,
  { count, sum }: Centres & { dtype: 'u1' },
  columns: number,
  stride: number,
  rounded: number,
  errors: number,
): void {
  const nearest = heap.bytes(rounded, count.length * stride).fill(0);
  const off = heap.float64(errors, count.length);
  for (const [t, size] of count.entries()) {
    let apart = 0;
    for (const [j, value] of sum.subarray(t * columns, (t + 1) * columns).entries()) {
      const byte = Math.round(value / size);
      nearest[t * stride + j] = byte;
      apart += Math.abs(value - size * byte);
    }
    off[t] = apart / size;
  }
}

/** Copies rows of `columns` numbers into rows of `width`, the rest being 0. */
function pad<V extends Int32Array | Float32Array>(
  target: V,
  source: V,
  columns: number,
  width: number,
): void {
  target.fill(0);
  for (let t = 0; t * columns < source.length; t++) {
    target.set(source.subarray(t * columns, (t + 1) * columns), t * width);
  }
}
