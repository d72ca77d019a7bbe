import { generatorFor } from '@levy/datasets';
import { createReferenceEngine, createWasmEngine, type Matrix } from '@levy/kernels';
import { Matrix as Dense, EigenvalueDecomposition } from 'ml-matrix';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { describe, expect, test } from 'vitest';
import { principalComponent, principalComponents } from './principal-components.js';

test('is the leading eigenvector of the centred covariance', async () => {
  const matrix = wavyMatrix(300, 20);
  await using engine = createReferenceEngine();
  using points = await engine.load(matrix);
  const component = await principalComponent(engine, points);
  const expected = leadingEigenvector(matrix);
  const sign = Math.sign(component.reduce((sum, value, j) => sum + value * (expected[j] ?? 0), 0));
  for (const [j, value] of component.entries()) expect(value).toBeCloseTo(sign * (expected[j] ?? 0), 7);
  expect(Math.hypot(...component)).toBeCloseTo(1, 12);
});

test('data that is nearly the same in every direction converges too', async () => {
  const [rows, columns] = [400, 64];
  const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898 + (i % 7)) * 1.5);
  const matrix: Matrix = { dtype: 'f4', rows, columns, data };
  await using engine = createReferenceEngine();
  using points = await engine.load(matrix);
  const component = await principalComponent(engine, points);
  const expected = leadingEigenvector(matrix);
  expect(Math.abs(component.reduce((sum, value, j) => sum + value * (expected[j] ?? 0), 0))).toBeCloseTo(
    1,
    10,
  );
});

describe('several components', () => {
  test.each([
    ['of bytes', wavyMatrix(300, 20)],
    ['all of them, more than were asked for', wavyMatrix(200, 6)],
    ['nearly the same variance in all directions', noise(700, 100)],
    ['a multiple variance, more often than a block finds it', corners(90)],
    ['variances far apart', graded(200, 80)],
  ])('%s', async (_, matrix) => {
    const expected = spectrum(matrix);
    const count = Math.min(64, matrix.columns);
    const { vectors, variances } = await componentsOf(matrix, 64);
    expect(vectors).toHaveLength(count);
    for (const [k, variance] of variances.entries()) {
      // The error of a Ritz value is of the order of the residual's square, but for rounding against the largest.
      expect(Math.abs(variance - (expected.values[k] ?? 0))).toBeLessThan(
        1e-10 * variance + 1e-13 * (variances[0] ?? 0),
      );
      const vector = vectors[k] ?? new Float64Array();
      const residual = expected.covariance
        .mmul(Dense.columnVector(vector))
        .sub(Dense.columnVector(vector).mul(variance));
      expect(residual.norm()).toBeLessThan(1.1e-6 * variance + 1e-15 * (variances[0] ?? 0));
      for (const [l, other] of vectors.entries())
        expect(inner(vector, other)).toBeCloseTo(k === l ? 1 : 0, 10);
      expect(Math.max(...vector)).toBe(Math.max(...vector.map(Math.abs)));
    }
  });

  test('no more than have variance', async () => {
    const { vectors, variances } = await componentsOf(ofRank(3, 120, 40), 64);
    expect(vectors).toHaveLength(3);
    const { values } = spectrum(ofRank(3, 120, 40));
    for (const [k, variance] of variances.entries()) expect(variance / (values[k] ?? 0)).toBeCloseTo(1, 9);
    expect((await componentsOf(wavyMatrix(5, 20), 64)).vectors).toHaveLength(4);
  });

  test('the first is the principal component, threads and repeats change nothing', async () => {
    const matrix = wavyMatrix(300, 20);
    const { vectors } = await componentsOf(matrix, 3);
    await using engine = await createWasmEngine({ threads: 1 });
    using points = await engine.load(matrix);
    expect((await principalComponents(engine, points, 3)).vectors).toEqual(vectors);
    const first = await principalComponent(engine, points);
    expect(inner(first, vectors[0] ?? first)).toBeCloseTo(1, 12);
  });
});

test('rows without variance have none', async () => {
  await using engine = createReferenceEngine();
  using points = await engine.load({ dtype: 'u1', rows: 5, columns: 3, data: new Uint8Array(15).fill(7) });
  await expect(principalComponent(engine, points)).rejects.toThrow(/all rows are equal/);
  await expect(principalComponents(engine, points, 64)).rejects.toThrow(/all rows are equal/);
});

test('one column is its own component', async () => {
  await using engine = createReferenceEngine();
  using points = await engine.load({ dtype: 'u1', rows: 4, columns: 1, data: Uint8Array.of(1, 5, 9, 2) });
  expect([...(await principalComponent(engine, points))]).toEqual([1]);
  const { vectors, variances } = await principalComponents(engine, points, 64);
  expect(vectors).toEqual([Float64Array.of(1)]);
  expect(variances[0]).toBeCloseTo(9.6875, 12);
});

async function componentsOf(matrix: Matrix, count: number) {
  await using engine = await createWasmEngine({ threads: 2 });
  using points = await engine.load(matrix);
  return await principalComponents(engine, points, count);
}

function wavyMatrix(rows: number, columns: number): Matrix {
  const data = Uint8Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    return 128 + 90 * Math.sin(i * 1.7) * Math.cos(j / 3) + 20 * Math.sin(i * j + j * j);
  });
  return { dtype: 'u1', rows, columns, data };
}

/** Independent uniform entries: the variances lie close together. */
function noise(rows: number, columns: number): Matrix {
  const generator = generatorFor('noise of a test');
  const data = Uint8Array.from({ length: rows * columns }, () => uniformInt(generator, 0, 255));
  return { dtype: 'u1', rows, columns, data };
}

/** The corners of a simplex: every direction in its plane has the same variance. */
function corners(n: number): Matrix {
  const data = Uint8Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 200 : 0));
  return { dtype: 'u1', rows: n, columns: n, data };
}

/** Columns whose spread falls by a sixth from one to the next. */
function graded(rows: number, columns: number): Matrix {
  const { data } = noise(rows, columns);
  const scaled = Float32Array.from(data, (value, i) => (value - 128) * (5 / 6) ** (i % columns));
  return { dtype: 'f4', rows, columns, data: scaled };
}

function ofRank(rank: number, rows: number, columns: number): Matrix {
  const [left, right] = [noise(rows, rank).data, noise(rank, columns).data];
  const data = Float32Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    return Array.from(
      { length: rank },
      (_, k) => (left[i * rank + k] ?? 0) * (right[k * columns + j] ?? 0),
    ).reduce((sum, value) => sum + value);
  });
  return { dtype: 'f4', rows, columns, data };
}

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * (b[j] ?? 0), 0);
}

/** The centred covariance, formed, and its eigenvalues from the largest down. */
function spectrum(matrix: Matrix) {
  const dense = Dense.from1DArray(matrix.rows, matrix.columns, Array.from(matrix.data));
  dense.subRowVector(dense.mean('column'));
  const covariance = dense.transpose().mmul(dense).div(matrix.rows);
  const { realEigenvalues } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  return { covariance, values: realEigenvalues.toSorted((a, b) => b - a) };
}

function leadingEigenvector(matrix: Matrix): number[] {
  const dense = Dense.from1DArray(matrix.rows, matrix.columns, Array.from(matrix.data));
  dense.subRowVector(dense.mean('column'));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(dense.transpose().mmul(dense), {
    assumeSymmetric: true,
  });
  return eigenvectorMatrix.getColumn(realEigenvalues.indexOf(Math.max(...realEigenvalues)));
}
