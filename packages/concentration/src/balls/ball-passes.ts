import { totalmem } from 'node:os';
import { type Metric, parseRational } from '@levy/contracts';
import { type Distance, EngineError, type Matrix, type MatrixHandle, type Reach } from '@levy/kernels';
import { type BallsStep, ballsBytes, coveredCount, ENGINE_BYTES, requiredLevel, stepKey } from '@levy/plan';
import { MeasurementError } from '../measurement.js';
import { gatherRows } from '../rows/row-list.js';
import { labelUncertainty } from '../uncertainty/label-uncertainty.js';
import type { Walk } from '../walk/walk.js';
import { floatRadius, floatRows } from './float-balls.js';
import { typicalListLength } from './list-length.js';
import { type Placement, placeBalls } from './placement.js';
import { distanceOf, reachOf } from './reach.js';
import { UncertaintyDemand } from './uncertainty-demand.js';

/** What steps that one pass serves have in common; they differ in ε and in how the balls are placed. */
export interface BallPass {
  /** Index in the training split of every position of the matrix. */
  readonly rows: Uint32Array;
  /** The rows, here and on the engine. */
  readonly matrix: Matrix;
  readonly points: MatrixHandle;
  readonly metric: Metric;
  readonly distance: Distance;
  /** n_tot, how many rows the balls must cover. */
  readonly need: number;
}

export async function passOf(step: BallsStep, walk: Walk): Promise<BallPass> {
  const { rows, points } = await walk.points(step.rows);
  const matrix = walk.hostRows(step.rows);
  const need = Math.max(1, coveredCount(requiredLevel(step.alpha, step.slack), matrix.rows, 'ceil'));
  return { rows, matrix, points, metric: step.metric, distance: distanceOf(step.metric), need };
}

/** A step of the pass with what was placed for it. */
export interface Placed {
  readonly step: BallsStep;
  readonly placement: Placement;
}

/**
 * Places the balls of a step, and in the same pass those of the steps that differ only in ε or in how they are placed:
 * of this job, and of the jobs of its sweep still to be measured. As many ε at once as there is memory for.
 */
export async function* placeTogether(
  step: BallsStep,
  pass: BallPass,
  walk: Walk,
): AsyncGenerator<Placed, void> {
  const wanted = byEpsilon([step, ...(await alike(step, walk))]);
  for (let epsilons = await mostEpsilons(pass, wanted.length, walk); epsilons > 0; epsilons--) {
    try {
      return yield* placeAll(wanted.slice(0, epsilons), pass, walk);
    } catch (error) {
      // Ties make lists longer than was foreseen, and the engine may hold other things.
      const tooMuch = error instanceof EngineError && error.kind === 'memory';
      if (!tooMuch || epsilons === 1) throw error;
    }
  }
}

/** The other steps that the same pass serves and nobody has settled. */
async function alike(step: BallsStep, walk: Walk): Promise<BallsStep[]> {
  const { metric, alpha, slack } = step;
  const [pass, own] = [passName(step), stepKey(step)];
  const found = new Map<string, BallsStep>();
  const plans = walk.plansAhead((job) => job.metric === metric && job.alpha === alpha && job.slack === slack);
  for (const plan of plans) {
    for (const { step: other } of plan.steps) {
      if (other.name !== 'balls' || passName(other) !== pass || stepKey(other) === own) continue;
      if (!(await walk.isSettled(other))) found.set(stepKey(other), other);
    }
  }
  return [...found.values()];
}

function passName({ rows, metric, alpha, slack, engine }: BallsStep): string {
  return JSON.stringify([rows, metric, alpha, slack, engine]);
}

interface OneEpsilon {
  readonly epsilon: string;
  readonly steps: BallsStep[];
}

/** Steps with the same ε next to each other, in the order in which each ε comes first. */
function byEpsilon(steps: readonly BallsStep[]): OneEpsilon[] {
  const groups: OneEpsilon[] = [];
  for (const step of steps) {
    const group = groups.find(({ epsilon }) => epsilon === step.epsilon);
    if (group === undefined) groups.push({ epsilon: step.epsilon, steps: [step] });
    else group.steps.push(step);
  }
  return groups;
}

/** Share of the pass that placing the balls of a step takes, for the progress alone. */
const PLACING_SHARE = 0.05;

async function* placeAll(
  wanted: readonly OneEpsilon[],
  pass: BallPass,
  walk: Walk,
): AsyncGenerator<Placed, void> {
  const { matrix, points, metric, distance, need } = pass;
  const { engine, signal } = walk;
  const reaches = wanted.map(
    ({ epsilon }): Reach => reachOf(metric, matrix.dtype, parseRational(epsilon), walk.scale),
  );
  const steps = matrix.rows * matrix.rows * matrix.columns;
  const placing = steps * PLACING_SHARE;
  const all = steps + placing * wanted.reduce((sum, group) => sum + group.steps.length, 0);
  let done = steps;
  using found = await engine.neighbourhoods(points, distance, need, reaches, {
    signal,
    onProgress: (passed) => walk.report(passed, all, 'elementary steps'),
  });
  for (const [index, of] of found.byReach.entries()) {
    const reach = reaches[index];
    if (reach === undefined) throw new RangeError('the engine answered for more reaches than it was asked');
    let taken: Uint32Array = new Uint32Array();
    for (const step of wanted[index]?.steps ?? []) {
      signal?.throwIfAborted();
      using gone = await engine.load(gatherRows(matrix, taken));
      await engine.putBack(of, gone, { signal });
      const placement = await placeBalls({
        ...{ engine, found: of, matrix, points, distance, reach, need, signal },
        T: step.T,
        demand: demandOf(step, pass, walk),
        onBall: (placed, most) => walk.report(done + (placing * placed) / most, all, 'elementary steps'),
      });
      taken = placement.taken;
      done += placing;
      yield { step, placement };
    }
  }
}

function demandOf(
  { gamma, rows }: BallsStep,
  { matrix, metric }: BallPass,
  walk: Walk,
): UncertaintyDemand | undefined {
  if (gamma === undefined) return undefined;
  const uncertainty = labelUncertainty(rows, walk.dataset);
  if (uncertainty === undefined) {
    throw new RangeError(`gamma needs soft labels, and ${walk.dataset.dataset.id} was loaded without any`);
  }
  if (matrix.dtype === 'u1') return new UncertaintyDemand(gamma, uncertainty);
  return new UncertaintyDemand(gamma, uncertainty, (centre, chosen) =>
    floatRows(centre, floatRadius({ centre, rows: chosen }, matrix, metric), matrix, metric),
  );
}

/** A sample of lists may be off by this share. */
const DOUBT = 1.25;

/**
 * How many ε one pass may serve. One may take what the machine has and an engine can hold, more of them only what is free.
 * @throws MeasurementError 'memory' where not even one fits.
 */
async function mostEpsilons(pass: BallPass, wanted: number, walk: Walk): Promise<number> {
  const { matrix, need } = pass;
  const constrained = process.constrainedMemory();
  const memory = Math.min(totalmem(), ENGINE_BYTES, constrained > 0 ? constrained : Number.POSITIVE_INFINITY);
  const near = await typicalListLength(pass, walk);
  const bytes = ballsBytes(matrix.rows, near);
  if (bytes > DOUBT * memory) {
    const gib = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
    throw new MeasurementError(
      'memory',
      `balls need about ${gib(bytes)} for the lists of the ${need} nearest of ${matrix.rows} rows, on average ${Math.round(near)} with those that tie, and there are ${gib(memory)}; lower samples or alpha, or choose another method`,
    );
  }
  const free = Math.min(process.availableMemory(), memory);
  let epsilons = wanted;
  while (epsilons > 1 && ballsBytes(matrix.rows, near, epsilons) > free) epsilons--;
  return epsilons;
}
