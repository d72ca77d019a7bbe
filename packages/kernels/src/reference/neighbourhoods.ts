import {
  type Distance,
  GROUP_END,
  type MatrixHandle,
  type NeighbourhoodBlock,
  type Neighbourhoods,
  type NeighbourhoodsByReach,
  type PassOptions,
  type Reach,
} from '../engine.js';
import { at } from './at.js';
import { distancesOf, fillDistances } from './distances.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

export class ReferenceNeighbourhoodsByReach implements NeighbourhoodsByReach {
  readonly byReach: readonly ReferenceNeighbourhoods[];
  disposed = false;

  constructor(
    readonly points: MatrixHandle,
    readonly matrix: ReferenceMatrix,
    readonly distance: Distance,
    reaches: readonly Reach[],
  ) {
    this.byReach = reaches.map((reach) => new ReferenceNeighbourhoods(this, reach));
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}

/** A block for every row. */
export class ReferenceNeighbourhoods implements Neighbourhoods {
  readonly blocks: ReferenceBlock[] = [];

  constructor(
    readonly found: ReferenceNeighbourhoodsByReach,
    readonly reach: Reach,
  ) {}

  get points(): MatrixHandle {
    return this.found.points;
  }
}

interface ReferenceBlock extends NeighbourhoodBlock {
  /** What the reach answers for each entry's distance. */
  readonly limits: Int32Array | Float32Array;
}

export async function findNeighbourhoods(
  handle: MatrixHandle,
  points: ReferenceMatrix,
  distance: Distance,
  count: number,
  reaches: readonly Reach[],
  options: PassOptions,
): Promise<NeighbourhoodsByReach> {
  const found = new ReferenceNeighbourhoodsByReach(handle, points, distance, reaches);
  const pace = new Pace(points.rows * points.rows * points.columns, options);
  for (let first = 0; first < points.rows; first++) {
    const distances = distancesOf(points, points.rows);
    fillDistances(points.row(first), points, distance, distances);
    const order = Array.from(distances.keys()).sort((a, b) => at(distances, a) - at(distances, b) || a - b);
    const farthest = at(distances, at(order, count - 1));
    const near = order.filter((id) => at(distances, id) <= farthest);
    const isLast = (entry: number) =>
      entry + 1 === near.length || at(distances, at(near, entry + 1)) > at(distances, at(near, entry));
    const starts = Int32Array.of(0, near.length);
    const ids = Int32Array.from(near, (id, entry) => (isLast(entry) ? id | GROUP_END : id));
    for (const { reach, blocks } of found.byReach) {
      const limits = distancesOf(points, near.length);
      near.forEach((id, entry) => {
        limits[entry] = reach(at(distances, id));
      });
      const block = { first, starts, ids, limits, reached: new Int32Array(near.length) };
      distances.forEach((one) => {
        countAt(block, one, 1);
      });
      blocks.push(block);
    }
    await pace.add(points.rows * points.columns);
  }
  return found;
}

export async function recount(
  { found, blocks }: ReferenceNeighbourhoods,
  rows: ReferenceMatrix,
  by: 1 | -1,
  options: PassOptions,
): Promise<void> {
  if (found.disposed) {
    throw new RangeError('the neighbourhoods are disposed');
  }
  const { matrix, distance } = found;
  const pace = new Pace(matrix.rows * rows.rows * rows.columns, options);
  for (const block of blocks) {
    const distances = distancesOf(rows, rows.rows);
    fillDistances(matrix.row(block.first), rows, distance, distances);
    distances.forEach((one) => {
      countAt(block, one, by);
    });
    await pace.add(rows.rows * rows.columns);
  }
}

/** Counts a distance at the first entry within whose reach it is. */
function countAt({ limits, reached }: ReferenceBlock, distance: number, by: number): void {
  const entry = limits.findIndex((limit: number) => distance <= limit);
  if (entry >= 0) {
    reached[entry] = at(reached, entry) + by;
  }
}
