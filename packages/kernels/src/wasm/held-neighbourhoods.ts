import type { NeighbourhoodBlock, Neighbourhoods, NeighbourhoodsByReach, Reach } from '../engine.js';
import { roundUp } from './pass.js';
import type { Block } from './shared-heap.js';
import type { WasmMatrix } from './wasm-matrix.js';

/** Bytes of an entry: id, distance, limit and a count for each reach; one alone needs no distance beside its limit. */
export function entryBytes(reaches: number): number {
  return reaches === 1 ? 12 : 12 + 4 * reaches;
}

/** What a pass found, in the shared memory, a block of it for every block of rows. */
export class WasmNeighbourhoodsByReach implements NeighbourhoodsByReach {
  readonly byReach: readonly WasmNeighbourhoods[];
  readonly lists: Lists[] = [];
  private readonly hold: Disposable;
  private users = 1;
  private disposed = false;

  constructor(
    readonly points: WasmMatrix,
    readonly kind: number,
    reaches: readonly Reach[],
  ) {
    this.byReach = reaches.map((reach, index) => new WasmNeighbourhoods(this, reach, index));
    this.hold = points.use();
  }

  /** Finds memory for the lists of the rows first … first + starts.length − 2, and for their counts. */
  add(first: number, starts: Int32Array, purpose: string): Lists {
    const lists = new Lists(this.points, first, starts, this.byReach.length, purpose);
    this.lists.push(lists);
    for (const { blocks, index } of this.byReach) {
      blocks.push({ first, starts: lists.starts, ids: lists.ids, reached: lists.reached(index) });
    }
    return lists;
  }

  /** Brings the blocks, which were added as they came, into the order of the rows. */
  sort(): void {
    for (const { blocks } of this.byReach) {
      blocks.sort((a, b) => a.first - b.first);
    }
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
      for (const { memory } of this.lists) {
        memory[Symbol.dispose]();
      }
      this.hold[Symbol.dispose]();
    }
  }
}

/** Those of one reach. */
export class WasmNeighbourhoods implements Neighbourhoods {
  readonly blocks: NeighbourhoodBlock[] = [];

  constructor(
    readonly found: WasmNeighbourhoodsByReach,
    readonly reach: Reach,
    readonly index: number,
  ) {}

  get points(): WasmMatrix {
    return this.found.points;
  }
}

/**
 * The lists of some rows in one piece of memory: where each row's start, their distances, the limits of one reach at
 * a time, the counts of every reach, the ids. The limits of an only reach are written over the distances.
 */
export class Lists {
  readonly memory: Block;
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  private readonly entries: number;
  private readonly head: number;
  private readonly limitsAt: number;
  private limitsOf: Reach | undefined;

  constructor(
    private readonly points: WasmMatrix,
    readonly first: number,
    starts: Int32Array,
    private readonly reaches: number,
    purpose: string,
  ) {
    const { heap } = points;
    this.entries = starts.at(-1) ?? 0;
    this.head = roundUp(starts.length * 4, 8);
    this.memory = heap.allocate(this.head + this.entries * entryBytes(reaches), purpose);
    this.limitsAt = this.distancesAt + (reaches === 1 ? 0 : 4 * this.entries);
    this.starts = heap.int32(this.startsAt, starts.length);
    this.starts.set(starts);
    this.ids = heap.int32(this.idsAt, this.entries);
  }

  get startsAt(): number {
    return this.memory.start;
  }

  /** A multiple of 8, with 8 bytes an entry before the ids. */
  get distancesAt(): number {
    return this.memory.start + this.head;
  }

  get idsAt(): number {
    return this.reachedAt(this.reaches);
  }

  /** Address of the counts of a reach. */
  reachedAt(index: number): number {
    return this.limitsAt + 4 * this.entries * (1 + index);
  }

  reached(index: number): Int32Array {
    return this.points.heap.int32(this.reachedAt(index), this.entries);
  }

  /** Address of what the reach answers for each entry's distance, once it has been asked; equal ones follow each other. */
  limits(reach: Reach): number {
    if (this.limitsOf === reach) {
      return this.limitsAt;
    }
    const distances = this.numbers(this.distancesAt);
    const limits = this.numbers(this.limitsAt);
    let [distance, limit] = [-1, 0];
    for (let entry = 0; entry < distances.length; entry++) {
      const value = distances[entry] ?? 0;
      if (value !== distance) {
        distance = value;
        limit = reach(value);
      }
      limits[entry] = limit;
    }
    this.limitsOf = reach;
    return this.limitsAt;
  }

  private numbers(start: number): Int32Array | Float32Array {
    const { heap, dtype } = this.points;
    return dtype === 'u1' ? heap.int32(start, this.entries) : heap.float32(start, this.entries);
  }
}
