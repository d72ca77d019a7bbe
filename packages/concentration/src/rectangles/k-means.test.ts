import { createReferenceEngine, createWasmEngine, type Matrix } from '@levy/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clusters } from './clusters.js';
import { kMeans } from './k-means.js';

const everyRow = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

async function cluster(matrix: Matrix, T: number, seed = 0, iterations = 30): Promise<Clusters> {
  await using engine = createReferenceEngine();
  using points = await engine.load(matrix);
  return await kMeans({
    engine,
    points,
    matrix,
    rows: everyRow(matrix.rows),
    T,
    seed,
    iterations,
    stopping: 'labels',
  });
}

function bytes(rows: readonly (readonly number[])[]): Matrix {
  return {
    dtype: 'u1',
    rows: rows.length,
    columns: rows[0]?.length ?? 0,
    data: Uint8Array.from(rows.flat()),
  };
}

test('two clusters far apart are found, with exact sums and extents', async () => {
  const clusters = await cluster(
    bytes([
      [0, 1],
      [1, 0],
      [2, 2],
      [200, 201],
      [203, 200],
    ]),
    2,
  );
  const found = [...clusters.count].map((count, t) => [
    count,
    [...clusters.sum.subarray(2 * t, 2 * t + 2)],
    [...clusters.reach.subarray(2 * t, 2 * t + 2)],
  ]);
  expect(found.sort((a, b) => Number(b[0]) - Number(a[0]))).toEqual([
    [3, [3, 3], [3, 3]],
    [2, [403, 401], [3, 1]],
  ]);
});

test('every row lies inside the rectangle of some cluster, whatever the data', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom(0, 1, 3, 128, 255), { minLength: 3, maxLength: 3 }), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(1000),
      fc.constantFrom('u1' as const, 'f4' as const),
      async (rows, most, seed, dtype) => {
        const T = Math.min(most, rows.length);
        const flat = rows.flat();
        const matrix: Matrix =
          dtype === 'u1'
            ? { dtype, rows: rows.length, columns: 3, data: Uint8Array.from(flat) }
            : { dtype, rows: rows.length, columns: 3, data: Float32Array.from(flat, (v) => v / 7) };
        using points = await engine.load(matrix);
        const clusters = await kMeans({
          engine,
          points,
          matrix,
          rows: everyRow(matrix.rows),
          T,
          seed,
          iterations: 30,
          stopping: 'labels',
        });
        expect(clusters.count.length).toBeGreaterThan(0);
        expect(clusters.count.length).toBeLessThanOrEqual(T);
        expect(clusters.count.reduce((sum, c) => sum + c, 0)).toBe(rows.length);
        const { margin } = await engine.margins(
          points,
          { start: 0, end: matrix.rows },
          clusters.dtype === 'u1'
            ? { ...clusters, above: clusters.reach, below: clusters.reach }
            : { ...clusters, above: clusters.reach, below: clusters.reach },
        );
        for (const value of margin) expect(value).toBeLessThanOrEqual(0);
      },
    ),
    { numRuns: 60 },
  );
});

test('equal points make one cluster, however many are asked for', async () => {
  const clusters = await cluster(bytes(Array.from({ length: 9 }, () => [7, 7])), 4);
  expect([...clusters.count]).toEqual([9]);
  expect([...clusters.reach]).toEqual([0, 0]);
});

test('the seed decides, and so does the cap of iterations', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => [(i * 37) % 256, (i * 91) % 256, (i * i) % 256]);
  const first = await cluster(bytes(rows), 6, 1);
  expect(await cluster(bytes(rows), 6, 1)).toEqual(first);
  expect(await cluster(bytes(rows), 6, 2)).not.toEqual(first);
  expect(await cluster(bytes(rows), 6, 1, 1)).not.toEqual(first);
});

test('engines and threads give the same clusters on bytes', async () => {
  const rows = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 17 }, (_, j) => (i * 31 + j * j * 7 + ((i * j) % 13)) % 256),
  );
  const matrix = bytes(rows);
  const expected = await cluster(matrix, 9, 5);
  for (const threads of [1, 3]) {
    await using engine = await createWasmEngine({ threads });
    using points = await engine.load(matrix);
    const found = await kMeans({
      engine,
      points,
      matrix,
      rows: everyRow(200),
      T: 9,
      seed: 5,
      iterations: 30,
      stopping: 'labels',
    });
    expect(found).toEqual(expected);
  }
});
