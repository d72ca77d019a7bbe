import { Matrix as Dense, EigenvalueDecomposition } from 'ml-matrix';

export type Vector = Float64Array;

/** A direction that keeps less of its length when made orthogonal to the others adds nothing but rounding. */
const DEPENDENT = 1e-10;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] ?? 0) * (b[j] ?? 0);
  return sum;
}

/** ‖v‖₂ */
export function norm(vector: Vector): number {
  return Math.sqrt(dot(vector, vector));
}

/** Σ weights_k · vectors_k */
export function combined(vectors: readonly Vector[], weights: readonly number[]): Vector {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, k) => {
    const weight = weights[k] ?? 0;
    for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + weight * (vector[j] ?? 0);
  });
  return sum;
}

/** The vectors made orthonormal to each other and to the basis (twice, against rounding); dependent ones are left out. */
export function orthonormalised(vectors: readonly Vector[], basis: readonly Vector[]): Vector[] {
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

/** Eigenvalues of a symmetric matrix from the largest down, with the eigenvector of each. */
export interface Eigenpairs {
  readonly values: readonly number[];
  vector(k: number): readonly number[];
}

export function eigenpairs(symmetric: readonly number[][]): Eigenpairs {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Dense([...symmetric]), {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort(
    (a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0),
  );
  return {
    values: order.map((index) => realEigenvalues[index] ?? 0),
    vector: (k) => eigenvectorMatrix.getColumn(order[k] ?? 0),
  };
}
