import {
  type Distance,
  GROUP_END,
  type MatrixHandle,
  type NeighbourhoodBlock,
  type Neighbourhoods,
  type PassOptions,
  type Reach,
} from '../engine.js';
import { at } from './at.js';
import { distancesOf, fillDistances } from './distances.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

/** A block for every row. */
export class ReferenceNeighbourhoods implements Neighbourhoods {
  readonly blocks: NeighbourhoodBlock[] = [];
  disposed = false;

  constructor(
    readonly points: MatrixHandle,
    readonly matrix: ReferenceMatrix,
    readonly distance: Distance,
  ) {}

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}

export async function findNeighbourhoods(
  handle: MatrixHandle,
  points: ReferenceMatrix,
  distance: Distance,
  count: number,
  reach: Reach,
  options: PassOptions,
): Promise<Neighbourhoods> {
  const found = new ReferenceNeighbourhoods(handle, points, distance);
  const pace = new Pace(points.rows * points.rows * points.columns, options);
  for (let first = 0; first < points.rows; first++) {
    const distances = distancesOf(points, points.rows);
    fillDistances(points.row(first), points, distance, distances);
    const order = Array.from(distances.keys()).sort((a, b) => at(distances, a) - at(distances, b) || a - b);
    const farthest = at(distances, at(order, count - 1));
    const near = order.filter((id) => at(distances, id) <= farthest);
    const isLast = (entry: number) =>
      entry + 1 === near.length || at(distances, at(near, entry + 1)) > at(distances, at(near, entry));
    const limits = distancesOf(points, near.length);
    near.forEach((id, entry) => {
      limits[entry] = reach(at(distances, id));
    });
    const block: NeighbourhoodBlock = {
      first,
      starts: Int32Array.of(0, near.length),
      ids: Int32Array.from(near, (id, entry) => (isLast(entry) ? id | GROUP_END : id)),
      limits,
      reached: new Int32Array(near.length),
    };
    distances.forEach((one) => {
      countAt(block, one, 1);
    });
    found.blocks.push(block);
    await pace.add(points.rows * points.columns);
  }
  return found;
}

export async function recount(
  found: ReferenceNeighbourhoods,
  rows: ReferenceMatrix,
  by: 1 | -1,
  options: PassOptions,
): Promise<void> {
  if (found.disposed) {
    throw new RangeError('the neighbourhoods are disposed');
  }
  const { matrix, distance, blocks } = found;
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
function countAt({ limits, reached }: NeighbourhoodBlock, distance: number, by: number): void {
  const entry = limits.findIndex((limit: number) => distance <= limit);
  if (entry >= 0) {
    reached[entry] = at(reached, entry) + by;
  }
}
