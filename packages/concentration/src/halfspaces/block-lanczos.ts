import { generatorFor } from '@levy/datasets';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { RitzSpace } from './ritz-space.js';
import { orthonormalised, type Vector } from './vectors.js';

/** A symmetric positive semidefinite d × d matrix, known by what it does to vectors. */
export interface Operator {
  readonly dimension: number;
  /** A·v for each v of a block, and what its rounding errors are small against: a bound of the entries it summed. */
  apply(block: readonly Vector[]): Promise<{ readonly images: readonly Vector[]; readonly power: number }>;
}

export interface LanczosOptions {
  /** Eigenvectors wanted; fewer come back where the rank is smaller. */
  readonly count: number;
  /** Vectors multiplied together. A multiple eigenvalue is surely found only as often as this. */
  readonly block: number;
  /** A pair (λ, v) has converged when ‖Av − λv‖ ≤ tolerance·λ. */
  readonly tolerance: number;
  /** Vectors added before it is looked again whether the pairs have converged. */
  readonly lookEvery: number;
  /** Vectors held before a restart from the best found. */
  readonly mostHeld: number;
  readonly mostIterations: number;
  readonly onIteration?: ((done: number, most: number) => void) | undefined;
}

/** Orthonormal eigenvectors with their eigenvalues, from the largest down. */
export interface Eigenvectors {
  readonly vectors: readonly Vector[];
  readonly values: readonly number[];
  /** Whether all of them met the tolerance before the iterations ran out. */
  readonly converged: boolean;
}

/** An eigenvalue below this share of the operator's power is what rounding leaves of none. */
const ROUNDING = 1e-13;

/**
 * The eigenvectors of the largest eigenvalues, by block Lanczos with full reorthogonalisation, Rayleigh–Ritz and
 * thick restarts (Golub & Van Loan, Matrix Computations, §10.3; Wu & Simon, SIAM J. Matrix Anal. Appl. 22, 2000).
 * Starts from fixed random vectors: the same operator gives the same answer. Without any eigenvalue above rounding
 * nothing comes back.
 */
export async function leadingEigenvectors(
  operator: Operator,
  options: LanczosOptions,
): Promise<Eigenvectors> {
  const { tolerance, mostHeld, mostIterations } = options;
  const count = Math.min(options.count, operator.dimension);
  const random = randomBlocks(operator.dimension, options.block);
  const space = new RitzSpace();
  let power = 0;
  let known = 0;
  let lookAt = count;
  let source: 'images' | 'random' = 'random';
  let block = orthonormalised(random(), space.basis);
  for (let iteration = 1; ; iteration++) {
    options.onIteration?.(iteration, mostIterations);
    const { images, power: applied } = await operator.apply(block);
    power = Math.max(power, applied);
    space.add(block, images);
    block = orthonormalised(images, space.basis);
    const isLast = iteration >= mostIterations;
    if (source === 'random' || block.length === 0 || space.basis.length >= lookAt || isLast) {
      const rank = space.values.filter((value) => value > ROUNDING * power).length;
      const answer = (converged: boolean) => ({ ...space.best(Math.min(count, rank)), converged });
      if (rank >= count && space.hasConverged(count, tolerance)) return answer(true);
      // Random vectors that brought no further eigenvalue: the operator takes all that is left to nothing.
      if (source === 'random' && rank === known) return answer(true);
      if (isLast) return answer(false);
      known = rank;
      lookAt = space.basis.length + options.lookEvery;
      source = 'images';
      if (block.length === 0) {
        // The space is invariant. Eigenvalues that are still missing lie beside it.
        if (rank < count) block = orthonormalised(random(), space.basis);
        if (block.length === 0) return answer(true);
        source = 'random';
      }
    }
    if (space.basis.length + block.length > mostHeld) space.shrink(count + block.length);
  }
}

/** Blocks of vectors, other ones with every call. */
function randomBlocks(dimension: number, block: number): () => Vector[] {
  const generator = generatorFor('component');
  const entry = () => uniformInt(generator, -1_000_000, 1_000_000) / 1e6;
  return () =>
    Array.from({ length: Math.min(block, dimension) }, () => Float64Array.from({ length: dimension }, entry));
}
