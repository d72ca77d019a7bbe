import { generatorFor } from '@levy/datasets';
import type { Engine, MatrixHandle } from '@levy/kernels';
import { Matrix as Dense, EigenvalueDecomposition } from 'ml-matrix';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { MeasurementError } from '../measurement.js';

export interface ComponentOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onIteration?: (done: number, most: number) => void;
}

/** A variance below this share of the largest squared projection is what rounding leaves of none. */
const ROUNDING = 1e-13;
/** Vectors multiplied together: a pass over the data costs little more for eight than for one. */
const BLOCK = 8;
/** ‖Cv − λv‖ ≤ TOLERANCE·λ: with a gap of a hundredth of λ the component is accurate to 1e-7. */
const TOLERANCE = 1e-9;
/** Blocks kept before a restart from the best vectors found. */
const MOST_BLOCKS = 24;
const MOST_ITERATIONS = 240;
/** A direction that keeps less of its length when made orthogonal to the others adds nothing but rounding. */
const DEPENDENT = 1e-10;

/**
 * The first principal component of the rows: the unit eigenvector of the centred covariance with the largest
 * eigenvalue, by block Lanczos with full reorthogonalisation and Rayleigh–Ritz on the data itself, without forming
 * the covariance (Golub & Van Loan, Matrix Computations, §10.3). Its largest entry in size is positive.
 * Rows without any variance have no component: MeasurementError of kind "numeric".
 */
export async function principalComponent(
  engine: Engine,
  points: MatrixHandle,
  options: ComponentOptions = {},
): Promise<Float64Array> {
  const covariance = (block: readonly Vector[]) => applyCovariance(engine, points, block, options.signal);
  let basis: Vector[] = [];
  let images: Vector[] = [];
  let power = 0;
  let block = orthonormalised(randomVectors(points.columns), basis);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    options.onIteration?.(iteration, MOST_ITERATIONS);
    const { images: blockImages, power: blockPower } = await covariance(block);
    power = Math.max(power, blockPower);
    basis = [...basis, ...block];
    images = [...images, ...blockImages];
    const ritz = rayleighRitz(basis, images);
    if (!(ritz.value > ROUNDING * power)) {
      throw new MeasurementError(
        'numeric',
        'all rows are equal, so there is no principal component; choose another method or data set',
      );
    }
    const [vector, image] = [combined(basis, ritz.weights(0)), combined(images, ritz.weights(0))];
    const residual = norm(image.map((entry, j) => entry - ritz.value * (vector[j] ?? 0)));
    if (residual <= TOLERANCE * ritz.value) return oriented(vector);
    if (basis.length >= MOST_BLOCKS * BLOCK) {
      const best = Array.from({ length: BLOCK }, (_, k) => ritz.weights(k));
      const kept = best.map((weights) => combined(basis, weights));
      images = best.map((weights) => combined(images, weights));
      basis = kept;
    }
    block = orthonormalised(blockImages, basis);
    // Nothing new to look at: the space found is invariant, and its best vector is the answer.
    if (block.length === 0) return oriented(vector);
  }
  throw new MeasurementError(
    'numeric',
    `the principal component did not converge to ${TOLERANCE} in ${MOST_ITERATIONS} iterations: too many directions have nearly the largest variance; choose another method`,
  );
}

type Vector = Float64Array;

/** C·v for every v of a block, Xᵀ(Xv − mean)/n, and the largest square of an entry of an Xv. */
async function applyCovariance(
  engine: Engine,
  points: MatrixHandle,
  block: readonly Vector[],
  signal: AbortSignal | undefined,
): Promise<{ images: Vector[]; power: number }> {
  const { rows: n, columns: d } = points;
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

/** The largest eigenvalue of the covariance within a space, and the weights of the k-th best vector on its basis. */
function rayleighRitz(basis: readonly Vector[], images: readonly Vector[]) {
  const small = new Dense(basis.map((vector) => images.map((image) => dot(vector, image))));
  const symmetric = Dense.add(small, small.transpose()).mul(0.5);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort(
    (a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0),
  );
  return {
    value: realEigenvalues[order[0] ?? 0] ?? 0,
    weights: (k: number) => eigenvectorMatrix.getColumn(order[Math.min(k, order.length - 1)] ?? 0),
  };
}

/** The vectors made orthonormal to each other and to the basis (twice, against rounding); dependent ones are left out. */
function orthonormalised(vectors: readonly Vector[], basis: readonly Vector[]): Vector[] {
  const added: Vector[] = [];
  for (const vector of vectors) {
    const before = norm(vector);
    const rest = vector.slice();
    for (const other of [...basis, ...added, ...basis, ...added]) {
      const share = dot(rest, other);
      for (let j = 0; j < rest.length; j++) rest[j] = (rest[j] ?? 0) - share * (other[j] ?? 0);
    }
    const left = norm(rest);
    if (left > DEPENDENT * before) added.push(rest.map((entry) => entry / left));
  }
  return added;
}

function randomVectors(d: number): Vector[] {
  const generator = generatorFor('component');
  const entry = () => uniformInt(generator, -1_000_000, 1_000_000) / 1e6;
  return Array.from({ length: Math.min(BLOCK, d) }, () => Float64Array.from({ length: d }, entry));
}

function combined(vectors: readonly Vector[], weights: readonly number[]): Vector {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, k) => {
    const weight = weights[k] ?? 0;
    for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + weight * (vector[j] ?? 0);
  });
  return sum;
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] ?? 0) * (b[j] ?? 0);
  return sum;
}

function norm(vector: Vector): number {
  return Math.sqrt(dot(vector, vector));
}

/** A component is determined up to its sign: make the largest entry positive. */
function oriented(vector: Vector): Float64Array {
  const length = norm(vector);
  const largest = vector.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
  return vector.map((entry) => (Math.sign(largest) * entry) / length);
}
