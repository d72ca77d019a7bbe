import { parseRational, rationalToNumber } from '@levy/contracts';
import { createReferenceEngine, type Matrix } from '@levy/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clusters } from './clusters.js';
import { Threshold } from './exceedance.js';
import { rectanglesOf } from './faces.js';
import { mainFace } from './main-face.js';

/** Straight from the definition, in units of the values: every coordinate of every row against every rectangle. */
function literal(
  rows: readonly (readonly number[])[],
  rectangles: readonly { center: readonly number[]; halfEdge: readonly number[] }[],
  epsilon: number,
) {
  const beyond = (x: readonly number[], t: number, j: number) => {
    const { center, halfEdge } = rectangles[t] ?? { center: [], halfEdge: [] };
    return Math.abs((x[j] ?? 0) - (center[j] ?? 0)) - (halfEdge[j] ?? 0) > epsilon;
  };
  const each = rectangles.map((_, t) => t);
  const coordinates = (rows[0] ?? []).map((_, j) => j);
  const region = rows.filter((x) => each.every((t) => coordinates.some((j) => beyond(x, t, j))));
  const out = coordinates.map((j) => region.filter((x) => each.every((t) => beyond(x, t, j))).length);
  const most = Math.max(...out);
  return region.length === 0 ? undefined : { coordinate: out.indexOf(most), share: most / region.length };
}

const WIDTH = 3;
const point = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: WIDTH, maxLength: WIDTH });

test('finds, on bytes, what the definition counts', async () => {
  await using engine = createReferenceEngine();
  const byte = fc.integer({ min: 0, max: 12 });
  const cluster = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    sum: point(byte),
    reach: point(fc.integer({ min: 0, max: 6 })),
  });
  const inputs = fc.record({
    rows: fc.array(point(byte), { minLength: 1, maxLength: 12 }),
    clusters: fc.array(cluster, { minLength: 1, maxLength: 3 }),
    reach: fc.integer({ min: 0, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(inputs, async ({ rows, clusters, reach }) => {
      const found: Clusters = {
        dtype: 'u1',
        columns: WIDTH,
        count: Int32Array.from(clusters, ({ count }) => count),
        sum: Int32Array.from(clusters.flatMap(({ sum }) => sum)),
        reach: Int32Array.from(clusters.flatMap((each) => each.reach)),
      };
      const matrix: Matrix = {
        dtype: 'u1',
        rows: rows.length,
        columns: WIDTH,
        data: Uint8Array.from(rows.flat()),
      };
      using points = await engine.load(matrix);
      const rectangles = rectanglesOf(found);
      const margins = await engine.margins(points, { start: 0, end: rows.length }, rectangles);
      const epsilon = parseRational(`${reach}/4`);
      // Quarters, thirds and halves of the values: times 12 everything is a whole number.
      const scaled = clusters.map(({ count, sum, reach: edge }) => ({
        center: sum.map((value) => (12 * value) / count),
        halfEdge: edge.map((value) => (12 * value) / count),
      }));
      expect(mainFace(matrix, margins, rectangles, new Threshold(epsilon, found, 1))).toEqual(
        literal(
          rows.map((row) => row.map((value) => 12 * value)),
          scaled,
          12 * rationalToNumber(epsilon),
        ),
      );
    }),
  );
});

test('finds, on floats, what the definition counts', async () => {
  await using engine = createReferenceEngine();
  // Eighths: every difference is exact in float32 as in float64.
  const eighth = fc.integer({ min: -16, max: 16 }).map((value) => value / 8);
  const inputs = fc.record({
    rows: fc.array(point(eighth), { minLength: 1, maxLength: 12 }),
    centers: fc.array(point(eighth), { minLength: 2, maxLength: 2 }),
    edges: fc.array(point(eighth.map(Math.abs)), { minLength: 2, maxLength: 2 }),
    epsilon: eighth.map(Math.abs),
  });
  await fc.assert(
    fc.asyncProperty(inputs, async ({ rows, centers, edges, epsilon }) => {
      const found: Clusters = {
        dtype: 'f4',
        columns: WIDTH,
        count: Int32Array.of(1, 1),
        sum: Float32Array.from(centers.flat()),
        reach: Float32Array.from(edges.flat()),
      };
      const matrix: Matrix = {
        dtype: 'f4',
        rows: rows.length,
        columns: WIDTH,
        data: Float32Array.from(rows.flat()),
      };
      using points = await engine.load(matrix);
      const rectangles = rectanglesOf(found);
      const margins = await engine.margins(points, { start: 0, end: rows.length }, rectangles);
      const threshold = new Threshold(parseRational(epsilon), found, 1);
      const pairs = centers.map((center, t) => ({ center, halfEdge: edges[t] ?? [] }));
      expect(mainFace(matrix, margins, rectangles, threshold)).toEqual(literal(rows, pairs, epsilon));
    }),
  );
});
