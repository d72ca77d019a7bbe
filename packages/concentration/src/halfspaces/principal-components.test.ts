import { createReferenceEngine, type Matrix } from '@levy/kernels';
import { Matrix as Dense, EigenvalueDecomposition } from 'ml-matrix';
import { expect, test } from 'vitest';
import { principalComponent } from './principal-components.js';

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

test('rows without variance have none', async () => {
  await using engine = createReferenceEngine();
  using points = await engine.load({ dtype: 'u1', rows: 5, columns: 3, data: new Uint8Array(15).fill(7) });
  await expect(principalComponent(engine, points)).rejects.toThrow(/all rows are equal/);
});

test('one column is its own component', async () => {
  await using engine = createReferenceEngine();
  using points = await engine.load({ dtype: 'u1', rows: 4, columns: 1, data: Uint8Array.of(1, 5, 9, 2) });
  expect([...(await principalComponent(engine, points))]).toEqual([1]);
});

function wavyMatrix(rows: number, columns: number): Matrix {
  const data = Uint8Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    return 128 + 90 * Math.sin(i * 1.7) * Math.cos(j / 3) + 20 * Math.sin(i * j + j * j);
  });
  return { dtype: 'u1', rows, columns, data };
}

function leadingEigenvector(matrix: Matrix): number[] {
  const dense = Dense.from1DArray(matrix.rows, matrix.columns, Array.from(matrix.data));
  dense.subRowVector(dense.mean('column'));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(dense.transpose().mmul(dense), {
    assumeSymmetric: true,
  });
  return eigenvectorMatrix.getColumn(realEigenvalues.indexOf(Math.max(...realEigenvalues)));
}
