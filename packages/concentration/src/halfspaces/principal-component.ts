import type { Engine, MatrixHandle } from '@levy/kernels';
import { Matrix as Dense, EigenvalueDecomposition, QrDecomposition } from 'ml-matrix';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { MeasurementError } from '../measurement.js';
import { generatorFor } from '../rows/random.js';

export interface ComponentOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onIteration?: (done: number, most: number) => void;
}

/** Vectors iterated together: the more, the faster the first converges (by λ_{b+1}/λ_1 an iteration). */
const BLOCK = 8;
/** ‖Cv − λv‖ ≤ TOLERANCE·λ: at a gap of a tenth of λ the component is accurate to 1e-8. */
const TOLERANCE = 1e-9;
const MOST_ITERATIONS = 300;

/**
 * The first principal component of the rows: the unit eigenvector of the centred covariance with the largest
 * eigenvalue, by block power iteration with Rayleigh–Ritz on the data itself, without forming the covariance
 * (Golub & Van Loan, Matrix Computations, §8.2). Its largest entry in size is positive.
 * Rows without any variance have no component: MeasurementError of kind "numeric".
 */
export async function principalComponent(
  engine: Engine,
  points: MatrixHandle,
  options: ComponentOptions = {},
): Promise<Float64Array> {
  const { rows: n, columns: d } = points;
  const b = Math.min(BLOCK, d);
  const pass = { signal: options.signal };
  let basis = orthonormal(randomBlock(d, b));
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    options.onIteration?.(iteration, MOST_ITERATIONS);
    const projections = await engine.project(points, Float64Array.from(basis.transpose().to1DArray()), pass);
    centreColumns(projections, n, b);
    const combined = await engine.combine(points, projections, pass);
    const image = new Dense(Array.from({ length: b }, (_, k) => [...combined.subarray(k * d, (k + 1) * d)]))
      .transpose()
      .div(n);
    const small = new EigenvalueDecomposition(basis.transpose().mmul(image), { assumeSymmetric: true });
    const first = indexOfLargest(small.realEigenvalues);
    const eigenvalue = small.realEigenvalues[first] ?? 0;
    if (!(eigenvalue > 0)) {
      throw new MeasurementError(
        'numeric',
        'all rows are equal, so there is no principal component; choose another method or data set',
      );
    }
    const weights = small.eigenvectorMatrix.getColumnVector(first);
    const vector = basis.mmul(weights);
    const residual = Dense.sub(image.mmul(weights), Dense.mul(vector, eigenvalue)).norm();
    if (residual <= TOLERANCE * eigenvalue) return oriented(vector.to1DArray());
    basis = orthonormal(image);
  }
  throw new MeasurementError(
    'numeric',
    `the principal component did not converge to ${TOLERANCE} in ${MOST_ITERATIONS} iterations; its two largest variances may be equal`,
  );
}

function orthonormal(block: Dense): Dense {
  return new QrDecomposition(block).orthogonalMatrix;
}

function randomBlock(d: number, b: number): Dense {
  const generator = generatorFor('component');
  return new Dense(
    Array.from({ length: d }, () =>
      Array.from({ length: b }, () => uniformInt(generator, -1_000_000, 1_000_000) / 1e6),
    ),
  );
}

/** Subtracts the column means, in place: XᵀX·v centred is Xᵀ(Xv − mean). */
function centreColumns(values: Float64Array, n: number, b: number): void {
  for (let k = 0; k < b; k++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i * b + k] ?? 0;
    const mean = sum / n;
    for (let i = 0; i < n; i++) values[i * b + k] = (values[i * b + k] ?? 0) - mean;
  }
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? 0) ? index : best), 0);
}

/** A component is determined up to its sign: make the largest entry positive. */
function oriented(vector: number[]): Float64Array {
  const norm = Math.hypot(...vector);
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  const sign = largest < 0 ? -1 : 1;
  return Float64Array.from(vector, (value) => (sign * value) / norm);
}
