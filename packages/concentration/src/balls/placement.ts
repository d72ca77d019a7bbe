import {
  type Distance,
  type Engine,
  GROUP_END,
  type Matrix,
  type MatrixHandle,
  type Neighbourhoods,
  type Reach,
} from '@levy/kernels';
import { gatherRows } from '../rows/row-list.js';
import { Pause } from './pause.js';
import type { UncertaintyDemand } from './uncertainty-demand.js';

export interface PlacementInput {
  readonly engine: Engine;
  /** Of at least the `need` nearest, nothing being taken out of it. */
  readonly found: Neighbourhoods;
  /** The rows, here and on the engine. */
  readonly matrix: Matrix;
  readonly points: MatrixHandle;
  readonly distance: Distance;
  readonly reach: Reach;
  /** n_tot, how many rows the balls must cover. */
  readonly need: number;
  readonly T: number;
  /** What a ball must bring besides being cheap. */
  readonly demand?: UncertaintyDemand | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each ball. */
  readonly onBall?: ((placed: number, most: number) => void) | undefined;
}

export interface Placement {
  readonly balls: readonly PlacedBall[];
  /** Rows that were taken out of `found`. */
  readonly taken: Uint32Array;
  /** There if no candidate for the next ball met the demand. */
  readonly unmet?: { readonly fewest: number; readonly attainable: number };
}

export interface PlacedBall {
  /** Position of its centre in the matrix. */
  readonly centre: number;
  /** As the engine answers distances. */
  readonly radius: number;
  /** Positions of all rows within the radius. */
  readonly rows: Uint32Array;
}

/**
 * The greedy algorithm (paper Algorithm 2) in the incremental form of method §3. A ball is the end of a group of equal
 * distances in some centre's list: what it newly covers is the group's and the earlier uncovered ids, what it newly
 * reaches the sum of the counts up to there. No ball comes twice: each covers a row anew.
 */
export async function placeBalls(input: PlacementInput): Promise<Placement> {
  const { engine, found, matrix, points, distance, reach, need, T, demand, signal } = input;
  const covered = new Uint8Array(matrix.rows);
  const expanded = new Uint8Array(matrix.rows);
  const balls: PlacedBall[] = [];
  const taken: Uint32Array[] = [];
  for (let left = need; balls.length < T && left > 0; ) {
    const fewest = Math.ceil(left / (T - balls.length));
    const cheapest = await cheapestBall(found, covered, fewest, left, signal, demand);
    if (cheapest === undefined) {
      return { balls, taken: joined(taken), unmet: { fewest, attainable: demand?.attainable ?? 0 } };
    }
    const { centre, id } = cheapest;
    using asked = await engine.load(gatherRows(matrix, Uint32Array.of(centre)));
    const distances = await engine.distanceRows(asked, points, distance, { signal });
    const radius = distances[id] ?? 0;
    const limit = reach(radius);
    const chosen = positions(matrix.rows, (row) => (distances[row] ?? 0) <= radius);
    const counted = demand?.counted?.(centre, chosen);
    if (counted !== undefined && demand?.confirms(centre, id, counted, covered) === false) continue;
    const rows = counted ?? chosen;
    const reached = positions(matrix.rows, (row) => expanded[row] === 0 && (distances[row] ?? 0) <= limit);
    for (const row of rows) {
      left -= 1 - (covered[row] ?? 0);
      covered[row] = 1;
    }
    for (const row of reached) expanded[row] = 1;
    balls.push({ centre, radius, rows });
    if (balls.length < T && left > 0) {
      using gone = await engine.load(gatherRows(matrix, reached));
      await engine.takeOut(found, gone, { signal });
      taken.push(reached);
    }
    input.onBall?.(balls.length, T);
  }
  return { balls, taken: joined(taken) };
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(lists.flatMap((rows) => [...rows]));
}

/**
 * The ball with the fewest newly reached less newly covered rows among those that end with an uncovered row of a rank
 * from `fewest` to `most` and meet the demand; ties to the lowest centre, then to the smallest radius.
 * @returns its centre, and a row on its rim; undefined if none meets the demand.
 */
async function cheapestBall(
  { blocks }: Neighbourhoods,
  covered: Uint8Array,
  fewest: number,
  most: number,
  signal: AbortSignal | undefined,
  demand: UncertaintyDemand | undefined,
): Promise<{ readonly centre: number; readonly id: number } | undefined> {
  demand?.beginSearch();
  let best = { cost: Number.POSITIVE_INFINITY, centre: 0, id: 0 };
  const pause = new Pause(signal);
  for (const { first, starts, ids, reached } of blocks) {
    for (let line = 0; line + 1 < starts.length; line++) {
      const found = cheapestEnd(
        ids,
        reached,
        starts[line] ?? 0,
        starts[line + 1] ?? 0,
        covered,
        fewest,
        most,
        first + line,
        demand,
      );
      if (found.cost < best.cost) best = { cost: found.cost, centre: first + line, id: found.id };
    }
    await pause.due();
  }
  return best.cost === Number.POSITIVE_INFINITY ? undefined : best;
}

function cheapestEnd(
  ids: Int32Array,
  reached: Int32Array,
  start: number,
  end: number,
  covered: Uint8Array,
  fewest: number,
  most: number,
  centre: number,
  demand: UncertaintyDemand | undefined,
): { readonly cost: number; readonly id: number } {
  const uncertainty = demand?.uncertainty;
  let [cost, at] = [Number.POSITIVE_INFINITY, 0];
  let [before, newly, within, sum] = [0, 0, 0, 0];
  for (let entry = start; entry < end; entry++) {
    const marked = ids[entry] ?? 0;
    const id = marked & ~GROUP_END;
    newly += 1 - (covered[id] ?? 0);
    if (uncertainty !== undefined && covered[id] === 0) sum += uncertainty[id] ?? 0;
    within += reached[entry] ?? 0;
    if (marked >= 0) continue;
    // The ranks of the group's uncovered rows are before + 1 … newly.
    if (newly > before && newly >= fewest && within - newly < cost) {
      if (demand?.isMetBy(centre, id, sum, newly) ?? true) [cost, at] = [within - newly, id];
    }
    if (newly >= most) break;
    before = newly;
  }
  return { cost, id: at };
}

function positions(n: number, test: (row: number) => boolean): Uint32Array {
  const found: number[] = [];
  for (let row = 0; row < n; row++) if (test(row)) found.push(row);
  return Uint32Array.from(found);
}
