import type { BallsStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
import type { Walk } from '../walk/walk.js';
import { type BallPass, passOf, placeTogether } from './ball-passes.js';
import { floatRadius } from './float-balls.js';
import type { Placement } from './placement.js';
import { UnattainableGamma } from './uncertainty-demand.js';

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
 * Places the balls of a step, and settles the steps that the same pass serves.
 * Rejects with UnattainableGamma where γ is more than a ball can bring.
 */
export async function runBalls(step: BallsStep, walk: Walk): Promise<Balls> {
  const pass = await passOf(step, walk);
  let own: Balls | UnattainableGamma | undefined;
  for await (const { step: placed, placement } of placeTogether(step, pass, walk)) {
    const outcome = outcomeOf(placed, placement, pass);
    if (placed === step) own = outcome;
    await walk.settle(placed, outcome);
  }
  if (own === undefined) throw new RangeError('the balls of a step are placed with those of its pass');
  if (own instanceof UnattainableGamma) throw own;
  return own;
}

function outcomeOf(
  { T, gamma }: BallsStep,
  { balls, unmet }: Placement,
  { rows, matrix, metric }: BallPass,
): Balls | UnattainableGamma {
  if (unmet !== undefined) {
    const { fewest, attainable } = unmet;
    return new UnattainableGamma(T, attainable, { gamma: gamma ?? 0, number: balls.length + 1, fewest });
  }
  return balls.map((ball) => ({
    row: rows[ball.centre] ?? 0,
    radius: matrix.dtype === 'u1' ? ball.radius : floatRadius(ball, matrix, metric),
  }));
}
