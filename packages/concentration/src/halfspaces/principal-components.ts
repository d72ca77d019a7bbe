import type { Engine, MatrixHandle } from '@levy/kernels';
import { MeasurementError } from '../measurement.js';
import { leadingEigenvectors, type Operator } from './block-lanczos.js';
import { norm, type Vector } from './vectors.js';

export interface ComponentOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onIteration?: ((done: number, most: number) => void) | undefined;
}

/** Orthonormal principal components with the variances along them, from the largest down, in stored units. */
export interface Components {
  readonly vectors: readonly Float64Array[];
  readonly variances: Float64Array;
}

/**
 * Vectors multiplied together. A pass over the data costs in proportion to them from four on, and a small block needs
 * fewer in all: 184 products for the 64 components of MNIST with 8 at a time, 240 with 16, 512 with 64.
 */
const BLOCK = 8;
/** ‖Cv − λv‖ ≤ 1e-9·λ: with a gap of a hundredth of λ the component is accurate to 1e-7. */
const FIRST = { block: BLOCK, tolerance: 1e-9, lookEvery: BLOCK, mostHeld: 192, mostIterations: 240 };
/** Directions to look along need less, and may stay short of it. */
const SEVERAL = { block: BLOCK, tolerance: 1e-6, lookEvery: 32, mostHeld: 384, mostIterations: 96 };

/**
 * The first principal component of the rows: the unit eigenvector of the centred covariance with the largest
 * eigenvalue. Its largest entry in size is positive. MeasurementError of kind "numeric" where the rows have no
 * variance, or where it does not converge.
 */
export async function principalComponent(
  engine: Engine,
  points: MatrixHandle,
  options: ComponentOptions = {},
): Promise<Float64Array> {
  const { vectors, converged } = await found(engine, points, { count: 1, ...FIRST, ...options });
  if (!converged) {
    throw new MeasurementError(
      'numeric',
      `the principal component did not converge to ${FIRST.tolerance} in ${FIRST.mostIterations} iterations: too many directions have nearly the largest variance; choose another method`,
    );
  }
  const [first] = vectors;
  if (first === undefined) throw new RangeError('one component was asked for');
  return first;
}

/**
 * The leading principal components of the rows, `count` of them or as many as have any variance. Each one's largest
 * entry in size is positive. Each satisfies ‖Cv − λv‖ ≤ 1e-6·λ; where many variances lie too close for that, they
 * are what 96 iterations, 768 products with the covariance, made of them.
 * MeasurementError of kind "numeric" where the rows have no variance.
 */
export async function principalComponents(
  engine: Engine,
  points: MatrixHandle,
  count: number,
  options: ComponentOptions = {},
): Promise<Components> {
  const { vectors, values } = await found(engine, points, { count, ...SEVERAL, ...options });
  return { vectors, variances: Float64Array.from(values) };
}

async function found(
  engine: Engine,
  points: MatrixHandle,
  options: Parameters<typeof leadingEigenvectors>[1] & ComponentOptions,
) {
  const eigenvectors = await leadingEigenvectors(covariance(engine, points, options.signal), options);
  if (eigenvectors.vectors.length === 0) {
    throw new MeasurementError(
      'numeric',
      'all rows are equal, so there is no principal component; choose another method or data set',
    );
  }
  return { ...eigenvectors, vectors: eigenvectors.vectors.map(oriented) };
}

/** The centred covariance, Xᵀ(Xv − mean)/n for each v, without forming it. */
function covariance(engine: Engine, points: MatrixHandle, signal: AbortSignal | undefined): Operator {
  const { rows: n, columns: d } = points;
  return {
    dimension: d,
    async apply(block) {
      const b = block.length;
      const directions = new Float64Array(b * d);
      block.forEach((vector, k) => {
        directions.set(vector, k * d);
      });
      const projections = await engine.project(points, directions, { signal });
      const power = projections.reduce((most, value) => Math.max(most, value * value), 0);
      centreColumns(projections, n, b);
      const sums = await engine.combine(points, projections, { signal });
      const images = block.map((_, k) => sums.slice(k * d, (k + 1) * d).map((sum) => sum / n));
      return { images, power };
    },
  };
}

/** Subtracts the column means, in place. */
function centreColumns(values: Float64Array, n: number, b: number): void {
  for (let k = 0; k < b; k++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i * b + k] ?? 0;
    const mean = sum / n;
    for (let i = 0; i < n; i++) values[i * b + k] = (values[i * b + k] ?? 0) - mean;
  }
}

/** A component is determined up to its sign: make the largest entry positive. */
function oriented(vector: Vector): Vector {
  const length = norm(vector);
  const largest = vector.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
  return vector.map((entry) => (Math.sign(largest) * entry) / length);
}
