import type { Metric } from '@levy/contracts';
import { chooseCandidate } from '../rectangles/candidate.js';
import { type Direction, directionOf } from './directions.js';
import { type JudgedSide, judgeSides, type Projections } from './judge-sides.js';

export interface HalfspaceSetting {
  readonly metric: Metric;
  readonly alpha: number;
  readonly slack: number;
  /** ε in stored units. */
  readonly epsilon: number;
  readonly ties: 'first' | 'last';
}

/** A half-space across a power of a component. */
export interface HalfspaceCandidate extends JudgedSide {
  /** Index of the component, 0 the leading one. */
  readonly component: number;
  readonly exponent: number;
  readonly direction: Direction;
}

/** The rows' projections on each direction. */
export type ProjectAll = (directions: readonly Direction[]) => Promise<readonly Projections[]>;

/** Exponents 1, 11, 21, … (method §4), as far as they bring something. */
const EXPONENT_STEP = 10;
const MOST_EXPONENT = 201;
/** Exponents in a row that may bring nothing before a component is left at its best. */
const PATIENCE = 2;
/** The components whose best are refined, and the steps to both sides of these, one size after the other. */
const REFINED = 8;
const REFINEMENTS = [5, 2, 1, 0.5] as const;

/** Times that `searchHalfspace` asks for projections under linf, at most. */
export const MOST_TRIALS = (MOST_EXPONENT - 1) / EXPONENT_STEP + 1 + REFINEMENTS.length;

/**
 * The half-space across a component, or under linf across a power of one, that does best on the choosing split, by the
 * rule of all candidates (method §2.6, §4). A component is led through the exponents while its best candidate by that
 * rule is replaced by a better one. All components climb together, so that a pass over the rows serves them all.
 *
 * @param components at least one
 */
export async function searchHalfspace(
  components: readonly Float64Array[],
  projectAll: ProjectAll,
  setting: HalfspaceSetting,
): Promise<HalfspaceCandidate> {
  const climbs = components.map((vector, component) => new Climb(component, vector));
  const judge = async (trials: readonly Trial[]): Promise<void> => {
    const directions = trials.map(({ climb, exponent }) =>
      directionOf(climb.vector, exponent, setting.metric),
    );
    const projections = await projectAll(directions);
    for (const [k, { climb, exponent }] of trials.entries()) {
      const [direction, projected] = [directions[k], projections[k]];
      if (direction === undefined || projected === undefined) throw new RangeError('one answer a direction');
      const reach = setting.epsilon * direction.dualNorm;
      climb.take(exponent, direction, judgeSides(projected, { ...setting, reach }));
    }
  };
  await judge(climbs.map((climb) => ({ climb, exponent: 1 })));
  if (setting.metric === 'linf') {
    for (let exponent = 1 + EXPONENT_STEP; exponent <= MOST_EXPONENT; exponent += EXPONENT_STEP) {
      await judge(climbs.filter((climb) => climb.hasHope).map((climb) => ({ climb, exponent })));
    }
    const leading = bestOf(climbs, REFINED);
    for (const step of REFINEMENTS) {
      await judge(leading.flatMap((climb) => climb.around(step).map((exponent) => ({ climb, exponent }))));
    }
  }
  const best = chooseCandidate(
    climbs.flatMap((climb) => climb.judged),
    setting.ties,
  );
  if (best === undefined) throw new RangeError('a search needs at least one component');
  return best;
}

interface Trial {
  readonly climb: Climb;
  readonly exponent: number;
}

/** One component with what its powers have brought so far. */
class Climb {
  private readonly found: HalfspaceCandidate[] = [];
  private misses = 0;
  /** Of the last direction: further powers only repeat it. */
  private alongAxis = false;
  best: HalfspaceCandidate | undefined;

  constructor(
    private readonly component: number,
    readonly vector: Float64Array,
  ) {}

  /** From the smallest exponent up, the component's own orientation first. */
  get judged(): readonly HalfspaceCandidate[] {
    return this.found.toSorted((a, b) => a.exponent - b.exponent || b.sign - a.sign);
  }

  get hasHope(): boolean {
    return this.misses < PATIENCE && !this.alongAxis;
  }

  take(exponent: number, direction: Direction, sides: readonly JudgedSide[]): void {
    const judged = sides.map((side) => ({ component: this.component, exponent, direction, ...side }));
    this.found.push(...judged);
    const best = chooseCandidate(this.best === undefined ? judged : [this.best, ...judged], 'first');
    this.misses = best === this.best ? this.misses + 1 : 0;
    this.best = best;
    this.alongAxis = direction.w.filter((entry) => entry !== 0).length === 1;
  }

  /** The exponents a step away from the best one that were not tried yet. */
  around(step: number): number[] {
    const middle = this.best?.exponent ?? 1;
    return [middle - step, middle + step].filter(
      (exponent) => exponent > 0 && this.found.every((known) => known.exponent !== exponent),
    );
  }
}

/** The climbs with the best candidates, best first. */
function bestOf(climbs: readonly Climb[], count: number): Climb[] {
  const left = new Set(climbs);
  const best: Climb[] = [];
  while (best.length < count && left.size > 0) {
    const chosen = chooseCandidate(
      [...left].flatMap((climb) => (climb.best === undefined ? [] : [climb.best])),
      'first',
    );
    const climb = [...left].find((one) => one.best === chosen);
    if (climb === undefined) break;
    left.delete(climb);
    best.push(climb);
  }
  return best;
}
