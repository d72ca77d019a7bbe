import { totalmem } from 'node:os';
import { type Metric, parseRational } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import { type BallsStep, ballsBytes, coveredCount, requiredLevel } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { MeasurementError } from '../measurement.js';
import { gatherRows } from '../rows/row-list.js';
import { labelUncertainty } from '../uncertainty/label-uncertainty.js';
import type { Walk } from '../walk/walk.js';
import { distanceBetween } from './distances.js';
import { type PlacedBall, placeBalls } from './placement.js';
import { distanceOf, reachOf } from './reach.js';
import { UnattainableGamma, UncertaintyDemand } from './uncertainty-demand.js';

/** Closed balls about training rows, in the order in which they were placed. */
export const BallsSchema = Type.Array(
  Type.Object({
    row: Type.Integer({ minimum: 0, description: 'Index of the centre in the training split' }),
    radius: Type.Number({
      minimum: 0,
      description: 'On bytes in stored units, squared for l2: a whole number. On floats the radius itself',
    }),
  }),
);
export type Balls = Static<typeof BallsSchema>;

/**
 * Finds the neighbourhoods, or takes those that another T of the job has left, and places the balls.
 * Rejects with UnattainableGamma where γ is more than a ball can bring.
 */
export async function runBalls(step: BallsStep, walk: Walk): Promise<Balls> {
  const { engine, signal } = walk;
  const { rows, points } = await walk.points(step.rows);
  const matrix = walk.hostRows(step.rows);
  const need = Math.max(1, coveredCount(requiredLevel(step.alpha, step.slack), matrix.rows, 'ceil'));
  checkMemory(matrix.rows, need);
  const distance = distanceOf(step.metric);
  const reach = reachOf(step.metric, matrix.dtype, parseRational(step.epsilon), walk.scale);
  const steps = matrix.rows * matrix.rows * matrix.columns;
  const all = steps * (1 + PLACING_SHARE);
  const { T: _, gamma: __, ...shared } = step;
  const found = await walk.neighbourhoods.get(JSON.stringify(shared), {
    engine,
    matrix,
    signal,
    find: () =>
      engine.neighbourhoods(points, distance, need, reach, {
        signal,
        onProgress: (done) => walk.report(done, all, 'elementary steps'),
      }),
  });
  const placement = await placeBalls({
    ...{ engine, found, matrix, points, distance, reach, need, signal },
    T: step.T,
    demand: demandOf(step, walk, matrix),
    onBall: (placed, most) =>
      walk.report(steps + (steps * PLACING_SHARE * placed) / most, all, 'elementary steps'),
  });
  walk.neighbourhoods.tookOut(placement.taken);
  if (placement.unmet !== undefined) {
    const { fewest, attainable } = placement.unmet;
    const number = placement.balls.length + 1;
    throw new UnattainableGamma(step.T, attainable, { gamma: step.gamma ?? 0, number, fewest });
  }
  return placement.balls.map((ball) => ({
    row: rows[ball.centre] ?? 0,
    radius: matrix.dtype === 'u1' ? ball.radius : floatRadius(ball, matrix, step.metric),
  }));
}

/** Share of the pass that placing takes, for the progress alone. */
const PLACING_SHARE = 0.05;

function demandOf(
  { gamma, rows, metric }: BallsStep,
  walk: Walk,
  matrix: Matrix,
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

/** Every row that a ball on floats is counted with. */
function floatRows(centre: number, radius: number, matrix: Matrix, metric: Metric): Uint32Array {
  const from = gatherRows(matrix, Uint32Array.of(centre)).data;
  const all = Uint32Array.from({ length: matrix.rows }, (_, row) => row);
  return all.filter((row) => distanceBetween(from, matrix, row, metric) <= radius);
}

/**
 * On floats the engine's distances, rounded to float32, only choose the rows of a ball; its radius is the largest of
 * their distances in float64, with which it is counted.
 */
function floatRadius(
  { centre, rows }: Pick<PlacedBall, 'centre' | 'rows'>,
  matrix: Matrix,
  metric: Metric,
): number {
  const from = gatherRows(matrix, Uint32Array.of(centre)).data;
  const to = gatherRows(matrix, rows);
  let most = 0;
  for (let row = 0; row < to.rows; row++) most = Math.max(most, distanceBetween(from, to, row, metric));
  return most;
}

function checkMemory(n: number, need: number): void {
  const bytes = ballsBytes(n, need);
  const constrained = process.constrainedMemory();
  const memory = Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY);
  if (bytes > memory) {
    const gib = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
    throw new MeasurementError(
      'memory',
      `the lists of the ${need} nearest of ${n} rows take ${gib(bytes)}, and this machine has ${gib(memory)}; lower samples or alpha`,
    );
  }
}
