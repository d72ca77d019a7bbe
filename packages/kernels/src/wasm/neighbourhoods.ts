import type { Distance, NeighbourhoodsByReach, Reach } from '../engine.js';
import { entryBytes, type WasmNeighbourhoods, WasmNeighbourhoodsByReach } from './held-neighbourhoods.js';
import { distanceKind, distanceScratch, distanceTaskSteps, type PassContext, roundUp, TILE } from './pass.js';
import type { WasmMatrix } from './wasm-matrix.js';
import type { Task } from './worker-pool.js';

/** As in assembly/neighbourhoods.ts: numbers of the table. */
const TABLE_BYTES = (2 ** 10 + 2) * 4;
/**
 * A block of rows is some tasks, one after the other: its distances to all rows and how long its lists get; the
 * lists; the counts of each reach. Between them this thread finds memory of the right size and asks for the limits.
 */
export async function findNeighbourhoods(
  points: WasmMatrix,
  distance: Distance,
  count: number,
  reaches: readonly Reach[],
  context: PassContext,
): Promise<NeighbourhoodsByReach> {
  const { heap, pool, options } = context;
  const { rows, columns } = points;
  const kind = distanceKind(points, distance);
  const blockRows = rowsPerBlock(points, rows);
  const place = scratchPlace(points, kind, blockRows, rows, count);
  using scratch = heap.allocate(place.bytes * pool.size, 'distances from a block of rows');
  heap.checkRoom(rows * count * entryBytes(reaches.length), `lists of the ${count} nearest of ${rows} rows`);
  const found = new WasmNeighbourhoodsByReach(points, kind, reaches);
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
    return { tasks: tasksOf(found, { first, end: next, count, slot, place }, context), slot };
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
  found.sort();
  return found;
}

interface BlockWork {
  readonly first: number;
  readonly end: number;
  readonly count: number;
  /** Address of the scratch memory. */
  readonly slot: number;
  readonly place: ReturnType<typeof scratchPlace>;
}

function* tasksOf(
  found: WasmNeighbourhoodsByReach,
  { first, end, count, slot, place }: BlockWork,
  { heap }: PassContext,
): Generator<Task, void> {
  const { start, stride, rows, columns } = found.points;
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
  const lists = found.add(first, starts, `lists of the ${count} nearest rows with their ties`);
  yield {
    kernel: 'neighbourhoodEntries',
    args: [slot + place.lines, lines, rows, bars, lists.startsAt, lists.idsAt, lists.distancesAt],
    steps: 0,
  };

  // The first reach comes last, so that its limits are there when rows are taken out of it.
  for (const { reach, index } of found.byReach.toReversed()) {
    lists.reached(index).fill(0);
    yield {
      kernel: 'neighbourhoodCounts',
      args: [
        ...[slot + place.lines, lines, rows, lists.startsAt, lists.limits(reach), lists.reachedAt(index)],
        ...[slot + place.table, 1],
      ],
      steps: 0,
    };
  }
}

/** Adds `by` to what the neighbourhoods reach for every row of `queries`; every block of rows is one task. */
export async function recount(
  { found, reach, index }: WasmNeighbourhoods,
  queries: WasmMatrix,
  by: 1 | -1,
  { heap, pool, options }: PassContext,
): Promise<void> {
  const { points, kind } = found;
  if (queries.rows === 0) {
    return;
  }
  const blockRows = Math.max(1, ...found.lists.map(({ starts }) => starts.length - 1));
  const place = scratchPlace(points, kind, blockRows, queries.rows, 0);
  using scratch = heap.allocate(place.bytes * pool.size, 'distances to rows that are counted anew');
  const left = found.lists.values();
  await pool.run(
    points.rows * queries.rows * points.columns,
    (thread) => {
      const { value: lists } = left.next();
      if (lists === undefined) {
        return undefined;
      }
      const { first } = lists;
      const lines = lists.starts.length - 1;
      const slot = scratch.start + thread * place.bytes;
      return {
        kernel: 'neighbourhoodRecount',
        args: [
          ...[kind, points.start, queries.start, points.stride, first, first + lines, queries.rows],
          ...[slot + place.lines, slot + place.norms, slot + place.wide, slot + place.tile],
          ...[lists.startsAt, lists.limits(reach), lists.reachedAt(index), slot + place.table, by],
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
