import {
  type Distance,
  type Distances,
  EngineError,
  GROUP_END,
  type NeighbourhoodBlock,
  type Neighbourhoods,
  type NeighbourhoodsByReach,
  type Reach,
} from '../engine.js';
import { intsOf, valuesOf } from './answers.js';
import { distanceRowBytes, distanceTiles } from './distances.js';
import type { GpuMatrix } from './gpu-matrix.js';
import type { PassContext } from './pass-context.js';
import { runTiles, type TileRows } from './tiles.js';

/** What lists may take of the host's memory, as on the other engines. */
const MOST_BYTES = 2 ** 32;
/** Bytes that a row of a list takes: id and distance, and for each reach a limit and a count. */
const entryBytes = (reaches: number): number => 8 + 8 * reaches;
/** Entries that the host sorts and counts between two looks at the signal: some tenths of a second. */
const MOST_ENTRIES_AT_ONCE = 2 ** 20;
/** Entries of one list: place and distance share a float64. */
const MOST_ENTRIES = 2 ** 22;

/** Lists and counts in this process; the device finds them. */
export class GpuNeighbourhoodsByReach implements NeighbourhoodsByReach {
  readonly byReach: readonly GpuNeighbourhoods[];
  private readonly hold: Disposable;
  private disposed = false;

  constructor(
    readonly points: GpuMatrix,
    readonly distance: Distance,
    reaches: readonly Reach[],
  ) {
    this.byReach = reaches.map((reach) => new GpuNeighbourhoods(this, reach));
    this.hold = points.use();
  }

  checkUsable(): void {
    if (this.disposed) throw new RangeError('the neighbourhoods are disposed');
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { blocks } of this.byReach) blocks.length = 0;
    this.hold[Symbol.dispose]();
  }
}

/** Those of one reach. */
export class GpuNeighbourhoods implements Neighbourhoods {
  readonly blocks: GpuBlock[] = [];

  constructor(
    readonly found: GpuNeighbourhoodsByReach,
    readonly reach: Reach,
  ) {}

  get points(): GpuMatrix {
    return this.found.points;
  }
}

interface GpuBlock extends NeighbourhoodBlock {
  /** What the reach answers for each entry's distance. */
  readonly limits: Distances;
}

export async function findNeighbourhoods(
  points: GpuMatrix,
  distance: Distance,
  count: number,
  reaches: readonly Reach[],
  context: PassContext,
): Promise<NeighbourhoodsByReach> {
  const { device } = context;
  const { rows, columns, number } = points;
  let bytes = rows * count * entryBytes(reaches.length);
  checkBytes(bytes, `lists of the ${count} nearest of ${rows} rows`);
  const found = new GpuNeighbourhoodsByReach(points, distance, reaches);
  bytes = 0;
  try {
    await runTiles(
      {
        name: `neighbourhoods ${distance}`,
        start: 0,
        end: rows,
        stepsPerRow: rows * (columns + count),
        // Two tiles are held, one of which the host thinks about.
        bytesPerRow: 2 * distanceRowBytes(points, distance),
        rowsPerPart: device.rowsPerPart(columns),
        mostRows: MOST_ENTRIES_AT_ONCE / count,
        run: async (tile) => {
          const { start, end, slot } = tile;
          const work = { points: number, distance, start, end, slot, count } as const;
          const done = await device.ask({ op: 'lists', ...work }, [points]);
          context.options.signal?.throwIfAborted();
          const lists = sorted(
            intsOf(done, 0, end - start + 1),
            intsOf(done, 1),
            valuesOf(done, 2, points.dtype),
          );
          const blocks = [];
          let took = done.took;
          for (const reach of reaches) {
            const counted = await countReached(points, distance, tile, lists, reach, context);
            blocks.push(counted.block);
            took += counted.took;
          }
          return { answer: blocks, took };
        },
        take: (_, blocks) => {
          for (const [index, block] of blocks.entries()) {
            bytes += block.ids.length * (index === 0 ? 16 : 8);
            found.byReach[index]?.blocks.push(block);
          }
          checkBytes(bytes, `lists of the ${count} nearest rows with their ties`);
        },
      },
      context,
    );
  } catch (error) {
    found[Symbol.dispose]();
    throw error;
  }
  return found;
}

/** Adds `by` to what the neighbourhoods reach for every row of `rows`. */
export async function recount(
  { found, blocks, points }: GpuNeighbourhoods,
  rows: GpuMatrix,
  by: 1 | -1,
  context: PassContext,
): Promise<void> {
  found.checkUsable();
  context.options.signal?.throwIfAborted();
  if (rows.rows === 0 || points.rows === 0) return;
  let at = 0;
  await distanceTiles(points, rows, found.distance, context, (start, distances) => {
    const lines = distances.length / rows.rows;
    for (let line = 0; line < lines; line++) {
      const row = start + line;
      let block = blocks[at];
      while (block !== undefined && row >= block.first + block.starts.length - 1) {
        at += 1;
        block = blocks[at];
      }
      if (block === undefined) throw new RangeError('the neighbourhoods are disposed');
      countLine(block, row - block.first, distances.subarray(line * rows.rows, (line + 1) * rows.rows), by);
    }
  });
}

interface SortedLists {
  readonly starts: Int32Array;
  /** By distance, then row; the last of a group is marked. */
  readonly ids: Int32Array;
  readonly distances: Distances;
}

/** Brings each list, which is in the order of its rows, into that of (distance, row). */
function sorted(starts: Int32Array, ids: Int32Array, distances: Distances): SortedLists {
  // Bits of floats that are not negative are in the order of the floats.
  const codes =
    distances instanceof Int32Array
      ? distances
      : new Int32Array(distances.buffer, distances.byteOffset, distances.length);
  const sortedIds = new Int32Array(ids.length);
  const sortedCodes = new Int32Array(ids.length);
  for (let line = 0; line + 1 < starts.length; line++) {
    const [from, to] = [starts[line] ?? 0, starts[line + 1] ?? 0];
    if (to - from > MOST_ENTRIES) {
      throw new EngineError('memory', `a list of ${to - from} rows is longer than ${MOST_ENTRIES}`);
    }
    const keys = new Float64Array(to - from);
    for (let entry = from; entry < to; entry++)
      keys[entry - from] = (codes[entry] ?? 0) * MOST_ENTRIES + entry - from;
    keys.sort();
    for (let entry = from; entry < to; entry++) {
      const key = keys[entry - from] ?? 0;
      const code = Math.floor(key / MOST_ENTRIES);
      const next = entry + 1 < to ? Math.floor((keys[entry + 1 - from] ?? 0) / MOST_ENTRIES) : -1;
      const id = ids[from + key - code * MOST_ENTRIES] ?? 0;
      sortedIds[entry] = next === code ? id : id | GROUP_END;
      sortedCodes[entry] = code;
    }
  }
  const back = distances instanceof Int32Array ? sortedCodes : new Float32Array(sortedCodes.buffer);
  return { starts, ids: sortedIds, distances: back };
}

/** Asks the device how many points each limit holds, and tells what each adds to the one before. */
async function countReached(
  points: GpuMatrix,
  distance: Distance,
  { start, end, slot }: TileRows,
  { starts, ids, distances }: SortedLists,
  reach: Reach,
  { device }: PassContext,
): Promise<{ readonly block: GpuBlock; readonly took: number }> {
  const limits = distances instanceof Int32Array ? new Int32Array(ids.length) : new Float32Array(ids.length);
  const lines = end - start;
  /** Entries at which a row's limit rises. */
  const rises: number[][] = [];
  let width = 1;
  for (let line = 0; line < lines; line++) {
    const rising: number[] = [];
    let [before, limit] = [-1, 0];
    for (let entry = starts[line] ?? 0; entry < (starts[line + 1] ?? 0); entry++) {
      const value = distances[entry] ?? 0;
      if (value !== before) [before, limit] = [value, reach(value)];
      limits[entry] = limit;
      if (rising.length === 0 || limits[entry] !== limits[entry - 1]) rising.push(entry);
    }
    rises.push(rising);
    width = Math.max(width, rising.length);
  }
  // Rows with fewer limits repeat their last.
  const asked =
    limits instanceof Int32Array ? new Int32Array(lines * width) : new Float32Array(lines * width);
  for (const [line, rising] of rises.entries()) {
    for (let index = 0; index < width; index++) {
      asked[line * width + index] = limits[rising[Math.min(index, rising.length - 1)] ?? 0] ?? 0;
    }
  }
  const work = { points: points.number, distance, start, end, slot, limits: asked, width } as const;
  const done = await device.ask({ op: 'within', ...work }, [points]);
  const counts = intsOf(done, 0, lines * width);
  const reached = new Int32Array(ids.length);
  for (const [line, rising] of rises.entries()) {
    for (const [index, entry] of rising.entries()) {
      const within = counts[line * width + index] ?? 0;
      reached[entry] = within - (index === 0 ? 0 : (counts[line * width + index - 1] ?? 0));
    }
  }
  return { block: { first: start, starts, ids, reached, limits }, took: done.took };
}

/** Counts distances at the first entries within whose limits they are. */
function countLine(
  { starts, limits, reached }: GpuBlock,
  line: number,
  distances: Distances,
  by: number,
): void {
  const start = starts[line] ?? 0;
  const last = (starts[line + 1] ?? 0) - 1;
  const farthest = limits[last] ?? 0;
  for (const distance of distances) {
    if (distance > farthest) continue;
    let [low, high] = [start, last];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((limits[middle] ?? 0) < distance) low = middle + 1;
      else high = middle;
    }
    reached[low] = (reached[low] ?? 0) + by;
  }
}

function checkBytes(bytes: number, what: string): void {
  if (bytes > MOST_BYTES) {
    throw new EngineError(
      'memory',
      `${what} need ${bytes} bytes, and the gpu engine keeps at most ${MOST_BYTES}`,
    );
  }
}
