import { parseRational } from '@levy/contracts';
import { createReferenceEngine, type Engine, type Margins, type Matrix } from '@levy/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clusters } from './clusters.js';
import { countMargins, countRooms, Threshold } from './exceedance.js';
import { facesInBox, rectanglesOf } from './faces.js';
import { createMembership } from './membership.js';

const BOX = { low: 0, high: 255 };
const D = 3;
const level = fc.constantFrom(0, 1, 2, 5, 100, 250, 254, 255);
const rowsOf = (most: number) =>
  fc.array(fc.array(level, { minLength: D, maxLength: D }), { minLength: 1, maxLength: most });

function bytes(rows: readonly (readonly number[])[]): Matrix {
  return { dtype: 'u1', rows: rows.length, columns: D, data: Uint8Array.from(rows.flat()) };
}

function clustersOf(matrix: Matrix, T: number): Clusters {
  const members = createMembership(
    matrix,
    Uint32Array.from({ length: matrix.rows }, (_, i) => i),
    T,
  );
  members.assign(Int32Array.from({ length: matrix.rows }, (_, i) => i % T));
  return members.clusters();
}

async function marginsOf(engine: Engine, matrix: Matrix, clusters: Clusters): Promise<Margins> {
  using points = await engine.load(matrix);
  return engine.margins(points, { start: 0, end: matrix.rows }, rectanglesOf(clusters, BOX));
}

function countsAt(margins: Margins, clusters: Clusters, greyLevels: number) {
  const threshold = (level: number) => new Threshold(parseRational(`${level}/255`), clusters, 255);
  return {
    risk: countMargins(margins, threshold(greyLevels)),
    unbounded: countMargins(margins, threshold(0)),
    box: countRooms(margins, threshold(greyLevels)),
  };
}

test('T = 1 in the box: advRisk equals the brute-force expansion', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(rowsOf(8), rowsOf(12), fc.integer({ min: 0, max: 120 }), async (covered, rows, k) => {
      const clusters = clustersOf(bytes(covered), 1);
      const counts = countsAt(await marginsOf(engine, bytes(rows), clusters), clusters, k);
      expect(counts.risk).toBe(rows.filter((x) => inRegion(x, clusters, k)).length);
      expect(counts.box).toBe(rows.filter((x) => pushes(x, k).some((y) => inRegion(y, clusters, k))).length);
    }),
    { numRuns: 200 },
  );
});

test('invariants: advRisk ≥ risk, box ≤ unbounded, and how they move with ε', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(rowsOf(12), rowsOf(20), fc.integer({ min: 1, max: 3 }), async (covered, rows, T) => {
      const clusters = clustersOf(bytes(covered), T);
      const margins = await marginsOf(engine, bytes(rows), clusters);
      const at = [0, 1, 3, 10, 60, 140].map((k) => countsAt(margins, clusters, k));
      at.forEach((counts, index) => {
        expect(counts.box).toBeGreaterThanOrEqual(counts.risk);
        expect(counts.unbounded).toBeGreaterThanOrEqual(counts.box);
        const before = at[index - 1];
        if (before === undefined) return;
        expect(counts.risk).toBeLessThanOrEqual(before.risk);
        expect(counts.box).toBeLessThanOrEqual(before.box);
        expect(counts.unbounded).toBe(before.unbounded);
      });
    }),
    { numRuns: 200 },
  );
});

test('the covered points lie in no expansion of the region', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(rowsOf(20), fc.integer({ min: 1, max: 4 }), async (rows, T) => {
      const clusters = clustersOf(bytes(rows), T);
      expect(countsAt(await marginsOf(engine, bytes(rows), clusters), clusters, 3)).toEqual({
        risk: 0,
        unbounded: 0,
        box: 0,
      });
    }),
  );
});

test('a truncated decimal of k/255 moves points on the threshold into the region', () => {
  const clusters = clustersOf(bytes([[100, 0, 0]]), 1);
  expect(new Threshold(parseRational('8/255'), clusters, 255).exceededBy(8, 0)).toBe(false);
  expect(new Threshold(parseRational(0.03137), clusters, 255).exceededBy(8, 0)).toBe(true);
});

test('masked faces count the same points at ε₀ as the rooms do', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(
      rowsOf(10),
      rowsOf(20),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 130 }),
      async (covered, rows, T, k) => {
        const clusters = clustersOf(bytes(covered), T);
        const matrix = bytes(rows);
        const epsilon = parseRational(`${k}/255`);
        using points = await engine.load(matrix);
        const masked = await engine.margins(
          points,
          { start: 0, end: matrix.rows },
          facesInBox(clusters, BOX, epsilon, 255),
        );
        const zero = new Threshold(parseRational(0), clusters, 255);
        expect(countMargins(masked, zero)).toBe(
          countsAt(await marginsOf(engine, matrix, clusters), clusters, k).box,
        );
      },
    ),
    { numRuns: 200 },
  );
});

/** E at ε = k/255 from the definition: some coordinate exceeds the rectangle's face by more than ε. */
function inRegion(x: readonly number[], clusters: Clusters, k: number): boolean {
  const c = clusters.count[0] ?? 1;
  return x.some((v, j) => Math.abs(c * v - (clusters.sum[j] ?? 0)) - (clusters.reach[j] ?? 0) > k * c);
}

/** x with a single coordinate pushed as far as ε and the box allow: for T = 1 no other move reaches further. */
function pushes(x: readonly number[], k: number): number[][] {
  return x
    .flatMap((v, j) => [x.with(j, Math.min(v + k, 255)), x.with(j, Math.max(v - k, 0))])
    .concat([[...x]]);
}
