import type { Metric } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import type { BallsStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { gatherRows } from '../rows/row-list.js';
import type { Walk } from '../walk/walk.js';
import { type BallPass, passOf, placeTogether } from './ball-passes.js';
import { distanceBetween } from './distances.js';
import type { PlacedBall, Placement } from './placement.js';

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

/** Places the balls of a step, and settles the steps that the same pass serves. */
export async function runBalls(step: BallsStep, walk: Walk): Promise<Balls> {
  const pass = await passOf(step, walk);
  let own: Balls | undefined;
  for await (const { step: placed, placement } of placeTogether(step, pass, walk)) {
    const balls = ballsOf(placement, pass);
    if (placed === step) own = balls;
    await walk.settle(placed, balls);
  }
  if (own === undefined) throw new RangeError('the balls of a step are placed with those of its pass');
  return own;
}

function ballsOf({ balls }: Placement, { rows, matrix, metric }: BallPass): Balls {
  return balls.map((ball) => ({
    row: rows[ball.centre] ?? 0,
    radius: matrix.dtype === 'u1' ? ball.radius : floatRadius(ball, matrix, metric),
  }));
}

/**
 * On floats the engine's distances, rounded to float32, only choose the rows of a ball; its radius is the largest of
 * their distances in float64, with which it is counted.
 */
function floatRadius({ centre, rows }: PlacedBall, matrix: Matrix, metric: Metric): number {
  const from = gatherRows(matrix, Uint32Array.of(centre)).data;
  const to = gatherRows(matrix, rows);
  let most = 0;
  for (let row = 0; row < to.rows; row++) most = Math.max(most, distanceBetween(from, to, row, metric));
  return most;
}
