import { parseRational } from '@levy/contracts';
import { directionsAtOnce, type RegionStep } from '@levy/plan';
import type { Walk } from '../walk/walk.js';
import type { Direction } from './directions.js';
import { type HalfspaceCandidate, MOST_TRIALS, searchHalfspace } from './halfspace-search.js';
import type { Projections } from './judge-sides.js';
import { storedReach } from './projections.js';

/** Finds the half-space of a job: as many directions as fit are projected in one pass over each list of rows. */
export async function chooseHalfspace(
  step: Extract<RegionStep, { kind: 'halfspace' }>,
  walk: Walk,
): Promise<HalfspaceCandidate> {
  const { vectors } = await walk.get(step.components);
  const { rows } = step.components;
  const { metric, alpha, slack, ties } = step;
  const most = Math.max(walk.rowCount(rows), walk.rowCount(step.choosing));
  const together = directionsAtOnce(most);
  const trials = metric === 'linf' ? MOST_TRIALS : 1;
  let asked = 0;
  const projectAll = async (directions: readonly Direction[]): Promise<Projections[]> => {
    walk.report(asked++, trials, 'exponents');
    const all: Projections[] = [];
    for (let from = 0; from < directions.length; from += together) {
      const some = directions.slice(from, from + together);
      const fit = columnsOf(await walk.project(rows, flat(some)), some.length);
      const choosing = columnsOf(await walk.project(step.choosing, flat(some)), some.length);
      all.push(...some.map((_, k) => ({ fit: fit(k), choosing: choosing(k) })));
    }
    return all;
  };
  const epsilon = storedReach(parseRational(step.epsilon), walk.scale);
  return searchHalfspace(vectors, projectAll, { metric, alpha, slack, epsilon, ties });
}

function flat(directions: readonly Direction[]): Float64Array {
  const [first] = directions;
  const columns = first?.w.length ?? 0;
  const rows = new Float64Array(directions.length * columns);
  for (const [k, { w }] of directions.entries()) rows.set(w, k * columns);
  return rows;
}

/** The columns of a row-major table. */
function columnsOf(table: Float64Array, width: number): (column: number) => Float64Array {
  const height = table.length / width;
  return (column) => {
    const entries = new Float64Array(height);
    for (let row = 0; row < height; row++) entries[row] = table[row * width + column] ?? 0;
    return entries;
  };
}
