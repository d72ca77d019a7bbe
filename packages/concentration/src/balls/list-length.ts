import { gatherRows } from '../rows/row-list.js';
import type { Walk } from '../walk/walk.js';
import type { BallPass } from './ball-passes.js';

/** Rows whose lists are measured before any is kept. */
const SAMPLED = 64;

/**
 * How many entries the list of a centre takes on average: the `need` nearest and all that tie with the last of them
 * (method §3), from the lists of some evenly spaced rows. Ties can be most of it: under ℓ∞ black and white pixels tie
 * nearly everything at the whole range.
 */
export async function typicalListLength(
  { matrix, points, distance, need }: BallPass,
  walk: Walk,
): Promise<number> {
  const n = matrix.rows;
  const count = Math.min(SAMPLED, n);
  const sampled = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
  using queries = await walk.engine.load(gatherRows(matrix, sampled));
  const distances = await walk.engine.distanceRows(queries, points, distance, { signal: walk.signal });
  let entries = 0;
  for (let i = 0; i < count; i++) {
    const line = distances.slice(i * n, (i + 1) * n).sort();
    const last = line[need - 1] ?? 0;
    let length = need;
    while (length < n && line[length] === last) length++;
    entries += length;
  }
  return entries / count;
}
