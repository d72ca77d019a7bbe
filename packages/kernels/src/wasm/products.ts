import { overRows, type PassContext, roundUp, rowsPerTask, TASK_STEPS } from './pass.js';
import { paddedColumns, type WasmMatrix } from './wasm-matrix.js';
import type { TakeTask } from './worker-pool.js';

/** As in assembly/products.ts: rows that `combine` sums before it adds them to the result. */
const ROW_BLOCK = 1024;
/** Columns of a stripe of `combine`, a cache line of bytes. */
const STRIPE = 64;

export async function project(
  points: WasmMatrix,
  directions: Float64Array,
  count: number,
  context: PassContext,
): Promise<Float64Array> {
  const { heap, pool, options } = context;
  const { rows, columns, stride, start, dtype } = points;
  const width = paddedColumns(dtype, columns);
  using padded = heap.allocate(count * width * 8, `${count} directions`);
  using out = heap.allocate(rows * count * 8, `${count} products of ${rows} rows`);
  const target = heap.float64(padded.start, count * width).fill(0);
  for (let c = 0; c < count; c++) {
    target.set(directions.subarray(c * columns, (c + 1) * columns), c * width);
  }
  const piece = rowsPerTask(rows, count * columns, TASK_STEPS.others, pool.size);
  const take = overRows({ start: 0, end: count === 0 ? 0 : rows }, piece, (from, to) => ({
    kernel: dtype === 'u1' ? 'projectBytes' : 'projectFloats',
    args: [start, stride, from, to, padded.start, count, out.start + from * count * 8],
    steps: (to - from) * count * columns,
  }));
  await pool.run(rows * count * columns, take, options);
  return heap.float64(out.start, rows * count).slice();
}

/** A stripe of columns belongs to one task at a time and takes the rows in order, some thousands a task. */
export async function combine(
  points: WasmMatrix,
  weights: Float64Array,
  count: number,
  context: PassContext,
): Promise<Float64Array> {
  const { heap, pool, options } = context;
  const { rows, columns, stride, start, dtype } = points;
  const width = paddedColumns(dtype, columns);
  using given = heap.allocate(weights.byteLength, `${count} weights of ${rows} rows`);
  using out = heap.allocate(count * width * 8, `${count} sums`);
  heap.float64(given.start, weights.length).set(weights);
  const sums = heap.float64(out.start, count * width).fill(0);

  const piece = roundUp(TASK_STEPS.others / (STRIPE * Math.max(1, count)), ROW_BLOCK);
  const stripes = Array.from({ length: count === 0 ? 0 : Math.ceil(columns / STRIPE) }, (_, index) => ({
    from: index * STRIPE,
    to: Math.min((index + 1) * STRIPE, width),
    row: 0,
  }));
  const take: TakeTask = () => {
    const stripe = stripes.pop();
    if (stripe === undefined || rows === 0) {
      return undefined;
    }
    const { from, to, row } = stripe;
    const end = Math.min(row + piece, rows);
    return {
      kernel: dtype === 'u1' ? 'combineBytes' : 'combineFloats',
      args: [start, stride, row, end, from, to, given.start, count, out.start],
      steps: (end - row) * (Math.min(to, columns) - from) * count,
      done: () => {
        if (end < rows) {
          stripes.push({ from, to, row: end });
        }
      },
    };
  };
  await pool.run(rows * count * columns, take, options);
  const answer = new Float64Array(count * columns);
  for (let c = 0; c < count; c++) {
    answer.set(sums.subarray(c * width, c * width + columns), c * columns);
  }
  return answer;
}
