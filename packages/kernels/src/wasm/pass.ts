import type { Distance, PassOptions } from '../engine.js';
import type { RowRange } from '../matrix.js';
import type { SharedHeap } from './shared-heap.js';
import type { WasmMatrix } from './wasm-matrix.js';
import type { TakeTask, Task, WorkerPool } from './worker-pool.js';

/** What every pass works with. */
export interface PassContext {
  readonly heap: SharedHeap;
  readonly pool: WorkerPool;
  readonly options: PassOptions;
}

/** Rows a side of a tile of distances; as in assembly/tile.ts. */
export const TILE = 64;

/** Elementary steps that take a thread some ten milliseconds, by the cost of one on this machine's kind. */
export const TASK_STEPS = {
  /** Distances on bytes: tens of steps a nanosecond. */
  byteDistances: 1e9,
  /** Distances on floats. */
  floatDistances: 2e8,
  /** Everything that handles a number at a time. */
  others: 1e8,
} as const;

/** Kinds of distance; as in assembly/tile.ts. */
export function distanceKind({ dtype }: WasmMatrix, distance: Distance): number {
  return { u1: { l1: 0, 'squared-l2': 1, linf: 4 }, f4: { l1: 2, 'squared-l2': 3, linf: 5 } }[dtype][
    distance
  ];
}

export function distanceTaskSteps({ dtype }: WasmMatrix): number {
  return dtype === 'u1' ? TASK_STEPS.byteDistances : TASK_STEPS.floatDistances;
}

/**
 * Bytes that a thread needs beside its output to compute distances from up to `rows` rows, and where in them the
 * kernel's norms, tile and widened rows go.
 */
export function distanceScratch(points: WasmMatrix, kind: number, rows: number) {
  const tile = 0;
  const norms = TILE * TILE * 4;
  const wide = norms + roundUp(rows + TILE + 4, 16) * 4;
  const widened = kind === 1 ? (rows + TILE) * points.stride * 2 : 0;
  return { tile, norms, wide, bytes: roundUp(wide + widened, 64) };
}

/** Rows of a task of about `steps` elementary steps: a multiple of TILE, and several tasks a thread. */
export function rowsPerTask(rows: number, stepsPerRow: number, steps: number, threads: number): number {
  const some = Math.min(steps / Math.max(1, stepsPerRow), rows / (4 * threads), 65_536);
  return Math.max(TILE, Math.floor(some / TILE) * TILE);
}

/** Hands out the tasks for consecutive pieces of a range of rows. */
export function overRows(
  range: RowRange,
  rows: number,
  task: (start: number, end: number, thread: number) => Task,
): TakeTask {
  let next = range.start;
  return (thread) => {
    if (next >= range.end) {
      return undefined;
    }
    const start = next;
    next = Math.min(start + rows, range.end);
    return task(start, next, thread);
  };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
