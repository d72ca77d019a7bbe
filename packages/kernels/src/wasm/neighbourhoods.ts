import type { Distance, NeighbourhoodBlock, Neighbourhoods, Reach } from '../engine.js';
import { distanceKind, distanceScratch, distanceTaskSteps, type PassContext, roundUp, TILE } from './pass.js';
import type { Block } from './shared-heap.js';
import type { WasmMatrix } from './wasm-matrix.js';
import type { Task } from './worker-pool.js';

/** As in assembly/neighbourhoods.ts: numbers of the table. */
const TABLE_BYTES = (2 ** 10 + 2) * 4;
/** Bytes of an entry: id, limit, reached. */
const ENTRY = 12;

/** Neighbourhoods in the shared memory, a block of it for every block of rows. */
export class WasmNeighbourhoods implements Neighbourhoods {
  readonly blocks: HeldBlock[] = [];
  private readonly hold: Disposable;
  private users = 1;
  private disposed = false;

  constructor(
    readonly points: WasmMatrix,
    readonly kind: number,
  ) {
    this.hold = points.use();
  }

  /** Keeps its bytes for the length of a pass. */
  use(): Disposable {
    if (this.disposed) {
      throw new RangeError('the neighbourhoods are disposed');
    }
    this.users += 1;
    return { [Symbol.dispose]: () => this.leave() };
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
      for (const { memory } of this.blocks) {
        memory[Symbol.dispose]();
      }
      this.hold[Symbol.dispose]();
    }
  }
}

interface HeldBlock extends NeighbourhoodBlock {
  readonly memory: Block;
  readonly address: { readonly starts: number; readonly limits: number; readonly reached: number };
}

/**
 * A block of rows is three tasks, one after the other: its distances to all rows and how long its lists get; the
 * lists; the counts. Between them this thread finds memory of the right size and asks the reach for the limits.
 */
export async function findNeighbourhoods(
  points: WasmMatrix,
  distance: Distance,
  count: number,
  reach: Reach,
  context: PassContext,
): Promise<Neighbourhoods> {
  const { heap, pool, options } = context;
  const { rows, columns } = points;
  heap.checkRoom(rows * count * ENTRY, `lists of the ${count} nearest of ${rows} rows`);
  const kind = distanceKind(points, distance);
  const blockRows = rowsPerBlock(points, rows);
  const place = scratchPlace(points, kind, blockRows, rows, count);
  using scratch = heap.allocate(place.bytes * pool.size, 'distances from a block of rows');
  const found = new WasmNeighbourhoods(points, kind);
  const slots = Array.from({ length: pool.size }, (_, index) => scratch.start + index * place.bytes);
  const ready: { readonly tasks: Generator<Task, void>; readonly slot: number }[] = [];
  let next = 0;

  function start() {
    const slot = next < rows ? slots.pop() : undefined;
    if (slot === undefined) {
      return undefined;
    }
    const first = next;
    next = Math.min(first + blockRows, rows);
    return { tasks: tasksOf(found, { first, end: next, count, reach, slot, place }, context), slot };
  }

  function take(): Task | undefined {
    for (let work = ready.pop() ?? start(); work !== undefined; work = ready.pop() ?? start()) {
      const { tasks, slot } = work;
      const task = tasks.next();
      if (!task.done) {
        const again = { tasks, slot };
        return { ...task.value, done: () => ready.push(again) };
      }
      slots.push(slot);
    }
    return undefined;
  }

  try {
    await pool.run(rows * rows * columns, take, options);
  } catch (error) {
    found[Symbol.dispose]();
    throw error;
  }
  found.blocks.sort((a, b) => a.first - b.first);
  return found;
}

interface BlockWork {
  readonly first: number;
  readonly end: number;
  readonly count: number;
  readonly reach: Reach;
  /** Address of the scratch memory. */
  readonly slot: number;
  readonly place: ReturnType<typeof scratchPlace>;
}

function* tasksOf(
  found: WasmNeighbourhoods,
  { first, end, count, reach, slot, place }: BlockWork,
  { heap }: PassContext,
): Generator<Task, void> {
  const { start, stride, rows, columns, dtype } = found.points;
  const lines = end - first;
  const [bars, lengths] = [slot + place.bars, slot + place.lengths];
  yield {
    kernel: 'neighbourhoodBars',
    args: [
      ...[found.kind, start, stride, first, end, rows, count, slot + place.lines, bars, lengths],
      ...[slot + place.list, place.capacity, slot + place.norms, slot + place.wide, slot + place.tile],
    ],
    steps: lines * rows * columns,
  };

  const starts = startsOf(heap.int32(lengths, lines));
  const entries = starts[lines] ?? 0;
  const head = roundUp(starts.length * 4, 8);
  const memory = heap.allocate(head + entries * ENTRY, `lists of the ${count} nearest rows with their ties`);
  const ids = memory.start + head + 8 * entries;
  const address = {
    starts: memory.start,
    limits: memory.start + head,
    reached: memory.start + head + 4 * entries,
  };
  heap.int32(address.starts, starts.length).set(starts);
  const block: HeldBlock = {
    first,
    starts: heap.int32(address.starts, starts.length),
    ids: heap.int32(ids, entries),
    limits: dtype === 'u1' ? heap.int32(address.limits, entries) : heap.float32(address.limits, entries),
    reached: heap.int32(address.reached, entries),
    memory,
    address,
  };
  found.blocks.push(block);
  yield {
    kernel: 'neighbourhoodEntries',
    args: [slot + place.lines, lines, rows, bars, address.starts, ids, address.limits],
    steps: 0,
  };

  // Where the limits go now stand the distances.
  reachAll(block.limits, reach);
  block.reached.fill(0);
  yield {
    kernel: 'neighbourhoodCounts',
    args: [
      ...[slot + place.lines, lines, rows, address.starts, address.limits, address.reached],
      ...[slot + place.table, 1],
    ],
    steps: 0,
  };
}

/** Makes distances limits; equal ones follow each other. */
function reachAll(values: Int32Array | Float32Array, reach: Reach): void {
  let [distance, limit] = [-1, 0];
  for (let entry = 0; entry < values.length; entry++) {
    const value = values[entry] ?? 0;
    if (value !== distance) {
      distance = value;
      limit = reach(value);
    }
    values[entry] = limit;
  }
}

/** Adds `by` to what the neighbourhoods reach for every row of `queries`; every block of rows is one task. */
export async function recount(
  found: WasmNeighbourhoods,
  queries: WasmMatrix,
  by: 1 | -1,
  { heap, pool, options }: PassContext,
): Promise<void> {
  const { points, kind, blocks } = found;
  if (queries.rows === 0) {
    return;
  }
  const blockRows = Math.max(1, ...blocks.map(({ starts }) => starts.length - 1));
  const place = scratchPlace(points, kind, blockRows, queries.rows, 0);
  using scratch = heap.allocate(place.bytes * pool.size, 'distances to rows that are counted anew');
  const left = blocks.values();
  await pool.run(
    points.rows * queries.rows * points.columns,
    (thread) => {
      const block = left.next();
      if (block.done) {
        return undefined;
      }
      const { first, starts, address } = block.value;
      const lines = starts.length - 1;
      const slot = scratch.start + thread * place.bytes;
      return {
        kernel: 'neighbourhoodRecount',
        args: [
          ...[kind, points.start, queries.start, points.stride, first, first + lines, queries.rows],
          ...[slot + place.lines, slot + place.norms, slot + place.wide, slot + place.tile],
          ...[address.starts, address.limits, address.reached, slot + place.table, by],
        ],
        steps: lines * queries.rows * points.columns,
      };
    },
    options,
  );
}

function startsOf(lengths: Int32Array): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, line) => {
    starts[line + 1] = (starts[line] ?? 0) + length;
  });
  return starts;
}

/** Bytes that a thread needs, and where in them everything goes. */
function scratchPlace(points: WasmMatrix, kind: number, lines: number, rows: number, count: number) {
  const distances = distanceScratch(points, kind, lines);
  const capacity = count + Math.max(32, Math.ceil(count / 4));
  const bars = roundUp(distances.bytes, 64);
  const lengths = bars + lines * 4;
  const table = lengths + lines * 4;
  const list = table + TABLE_BYTES;
  const all = roundUp(list + capacity * 4, 64);
  return {
    ...distances,
    capacity,
    bars,
    lengths,
    table,
    list,
    lines: all,
    bytes: roundUp(all + lines * rows * 4, 64),
  };
}

/** A tile's, fewer where the distances of so many would take long or much memory. */
function rowsPerBlock(points: WasmMatrix, rows: number): number {
  const bySteps = (3 * distanceTaskSteps(points)) / Math.max(1, rows * points.columns);
  const byBytes = 2 ** 26 / Math.max(1, rows * 4);
  return Math.min(TILE, Math.max(4, Math.floor(Math.min(bySteps, byBytes) / 4) * 4));
}
