import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Distance,
  type Distances,
  type Engine,
  type MatrixHandle,
  NO_FACE,
  type Reach,
  type Rectangles,
} from './engine.js';
import type { Matrix } from './matrix.js';
import { at } from './reference/at.js';
import { createReferenceEngine } from './reference/reference-engine.js';
import { COMPARED } from './testing/engines.js';
import { entriesOf } from './testing/entries.js';
import {
  AWKWARD_SIZES,
  byteMatrix,
  centresOf,
  floatMatrix,
  matrixOf,
  rectanglesOf,
} from './testing/samples.js';

const DISTANCES: readonly Distance[] = ['l1', 'squared-l2', 'linf'];
const DTYPES = ['u1', 'f4'] as const;
const reference = createReferenceEngine();

/** What every engine answers, compared with the reference: equal on bytes, within the stated tolerance on floats. */
describe.each(COMPARED)('$name', ({ create, tolerances }) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await create();
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  /** Runs the same on this engine and on the reference, with a matrix that each has loaded. */
  async function both<Answer>(
    matrix: Matrix,
    run: (engine: Engine, handle: MatrixHandle) => Promise<Answer>,
  ): Promise<readonly [Answer, Answer]> {
    using ours = await engine.load(matrix);
    using theirs = await reference.load(matrix);
    return [await run(engine, ours), await run(reference, theirs)];
  }

  describe.each(DISTANCES)('%s', (distance) => {
    it.each(DTYPES)('neighbour radii of %s of awkward sizes', async (dtype) => {
      for (const rows of AWKWARD_SIZES.filter((size) => size > 0)) {
        for (const columns of AWKWARD_SIZES) {
          const matrix = matrixOf(dtype, rows * 100 + columns, rows, columns);
          for (const k of new Set([1, Math.ceil(rows / 2), rows])) {
            const [ours, theirs] = await both(matrix, (one, points) =>
              one.neighbourRadii(points, distance, k),
            );
            expectDistances(ours, theirs, tolerances.distances(columns));
          }
        }
      }
    });

    it('neighbour radii over several blocks of rows, full of ties and duplicates', async () => {
      const shape = fc.record({
        rows: fc.integer({ min: 65, max: 400 }),
        columns: fc.integer({ min: 1, max: 24 }),
        most: fc.constantFrom(1, 3, 255),
        seed: fc.integer(),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      });
      await fc.assert(
        fc.asyncProperty(shape, async ({ rows, columns, most, seed, part }) => {
          const k = 1 + Math.floor(part * (rows - 1));
          const matrix = byteMatrix(seed, rows, columns, most);
          const [ours, theirs] = await both(matrix, (one, points) => one.neighbourRadii(points, distance, k));
          expect(ours).toEqual(theirs);
        }),
        { numRuns: 25 },
      );
    });

    it.each(DTYPES)('distances between rows of %s', async (dtype) => {
      for (const [queries, points] of [
        [0, 5],
        [5, 0],
        [1, 65],
        [65, 1],
        [63, 64],
        [17, 200],
      ] as const) {
        for (const columns of [0, 1, 17, 64]) {
          const matrix = matrixOf(dtype, 7, points, columns);
          const [ours, theirs] = await both(matrix, async (one, handle) => {
            using asked = await one.load(matrixOf(dtype, 8, queries, columns));
            return one.distanceRows(asked, handle, distance);
          });
          expect(ours).toHaveLength(queries * points);
          expectDistances(ours, theirs, tolerances.distances(columns));
        }
      }
    });
  });

  describe.each(DISTANCES)('neighbourhoods in %s', (distance) => {
    it('of bytes full of ties and duplicates, before and after rows are taken out of each reach', async () => {
      const shape = fc.record({
        rows: fc.integer({ min: 1, max: 300 }),
        columns: fc.integer({ min: 1, max: 24 }),
        most: fc.constantFrom(0, 1, 3, 255),
        seed: fc.integer(),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
        epsilons: fc.array(fc.constantFrom(0, 1, 30, 2 ** 31), { minLength: 1, maxLength: 3 }),
        taken: fc.integer({ min: 0, max: 100 }),
      });
      await fc.assert(
        fc.asyncProperty(shape, async ({ rows, columns, most, seed, part, epsilons, taken }) => {
          const count = 1 + Math.floor(part * (rows - 1));
          const matrix = byteMatrix(seed, rows, columns, most);
          const some = { ...matrix, rows: Math.min(rows, taken) };
          const reaches = epsilons.map(
            (epsilon): Reach =>
              (radius) =>
                Math.min(radius + epsilon, 2 ** 31 - 1),
          );
          const [ours, theirs] = await both(matrix, async (one, points) => {
            using found = await one.neighbourhoods(points, distance, count, reaches);
            const lists = found.byReach.map(entriesOf);
            const counts = () =>
              found.byReach.map((of) =>
                entriesOf(of)
                  .map(({ reached }) => reached)
                  .join(';'),
              );
            const before = counts();
            const after = [];
            using gone = await one.load({ ...some, data: matrix.data.slice(0, some.rows * columns) });
            for (const of of found.byReach) {
              await one.takeOut(of, gone);
              after.push(counts());
            }
            for (const of of found.byReach) await one.putBack(of, gone);
            expect(counts()).toEqual(before);
            return { lists, after };
          });
          expect(ours).toEqual(theirs);
        }),
        { numRuns: 15 },
      );
    });

    it('of several reaches as of each alone', async () => {
      const matrix = byteMatrix(5, 260, 37, 60);
      const reaches = [0, 900, 20, 20].map(
        (epsilon): Reach =>
          (radius) =>
            radius + epsilon,
      );
      const [ours] = await both(matrix, async (one, points) => {
        using together = await one.neighbourhoods(points, distance, 25, reaches);
        const alone = [];
        for (const reach of reaches) {
          using found = await one.neighbourhoods(points, distance, 25, [reach]);
          alone.push(...found.byReach.map(entriesOf));
        }
        return { together: together.byReach.map(entriesOf), alone };
      });
      expect(ours.together).toEqual(ours.alone);
    });

    it('of whole numbers as floats, as of the same bytes', async () => {
      const bytes = byteMatrix(11, 150, 20, 9);
      const floats = { ...bytes, dtype: 'f4', data: Float32Array.from(bytes.data) } as const;
      const reaches: Reach[] = [(radius) => radius + 7, (radius) => radius];
      const found = (some: Matrix) => async (one: Engine, points: MatrixHandle) => {
        using all = await one.neighbourhoods(points, distance, 40, reaches);
        using gone = await one.load(some);
        const answers = [];
        for (const of of all.byReach) {
          await one.takeOut(of, gone);
          answers.push(entriesOf(of));
          await one.putBack(of, gone);
          answers.push(entriesOf(of));
        }
        return answers;
      };
      const [ours, theirs] = await both(
        floats,
        found({ ...floats, rows: 9, data: floats.data.subarray(0, 180) }),
      );
      expect(ours).toEqual(theirs);
      const [same] = await both(bytes, found({ ...bytes, rows: 9, data: bytes.data.subarray(0, 180) }));
      expect(ours).toEqual(same);
    });
  });

  it.each(DTYPES)('nearest centres of %s of awkward sizes', async (dtype) => {
    for (const rows of AWKWARD_SIZES) {
      for (const columns of AWKWARD_SIZES) {
        for (const T of columns === 0 && dtype === 'f4' ? [1] : [1, 5, 70]) {
          const matrix = matrixOf(dtype, rows * 100 + columns, rows, columns);
          const range = { start: Math.floor(rows / 4), end: rows };
          const centres = centresOf(matrix, T);
          const [ours, theirs] = await both(matrix, (one, points) =>
            one.nearestCentres(points, range, centres),
          );
          expect(ours.labels).toHaveLength(range.end - range.start);
          expect(ours.labels).toEqual(theirs.labels);
          if (dtype === 'u1') {
            expect(ours.distances).toEqual(theirs.distances);
          } else {
            expectClose(ours.distances, theirs.distances, tolerances.centres(columns));
          }
        }
      }
    }
  });

  it('compares centres of bytes exactly, ties going to the lowest', async () => {
    const matrix = byteMatrix(5, 100, 40, 2);
    // Five times the same centre in other fractions, then one that is nearer by a hair in one coordinate.
    const count = Int32Array.from([2, 4, 65_793, 131_586, 2_105_376, 2_105_375]);
    const sum = new Int32Array(6 * 40);
    for (let t = 0; t < 6; t++) {
      sum.fill(at(count, t), t * 40, (t + 1) * 40);
    }
    sum[5 * 40] = at(count, 5) + 1;
    const centres = { dtype: 'u1', count, sum } as const;
    const range = { start: 0, end: 100 };
    const [ours, theirs] = await both(matrix, (one, points) => one.nearestCentres(points, range, centres));
    expect(ours).toEqual(theirs);
    const expected = Int32Array.from({ length: 100 }, (_, i) => (at(matrix.data, i * 40) === 2 ? 5 : 0));
    expect(ours.labels).toEqual(expected);
  });

  it.each(DTYPES)('margins and rooms of %s of awkward sizes', async (dtype) => {
    for (const rows of AWKWARD_SIZES) {
      for (const columns of AWKWARD_SIZES) {
        for (const T of columns === 0 && dtype === 'f4' ? [1] : [1, 4]) {
          const matrix = matrixOf(dtype, rows * 100 + columns, rows, columns);
          const range = { start: Math.floor(rows / 3), end: rows };
          const rectangles = rectanglesOf(matrix, T, columns, (rows + columns) % 2 === 0);
          const [ours, theirs] = await both(matrix, (one, points) => one.margins(points, range, rectangles));
          expect(ours.margin).toHaveLength(range.end - range.start);
          expect(ours).toEqual(theirs);
        }
      }
    }
  });

  it.each(DTYPES)(
    'margins of %s with many columns and rectangles, with and without a value range',
    async (dtype) => {
      const matrix = matrixOf(dtype, 3, 40, 1100);
      for (const withRange of [true, false]) {
        for (const few of [
          rectanglesOf(matrix, 9, 1, withRange),
          widened(rectanglesOf(matrix, 9, 2, withRange)),
        ]) {
          const range = { start: 0, end: 40 };
          const [ours, theirs] = await both(matrix, (one, points) => one.margins(points, range, few));
          expect(ours).toEqual(theirs);
          expect('room' in ours).toBe(withRange);
        }
      }
    },
  );

  it.each(DTYPES)('products with directions and weights of %s', async (dtype) => {
    for (const [rows, columns, count] of [
      [0, 3, 1],
      [3, 0, 1],
      [1, 1, 1],
      [17, 65, 3],
      [64, 16, 4],
      [2100, 70, 5],
    ] as const) {
      const matrix = matrixOf(dtype, 9, rows, columns);
      const directions = Float64Array.from(floatMatrix(1, count, columns).data);
      const weights = Float64Array.from(floatMatrix(2, rows, count).data);
      const sizes = { ...matrix, data: matrix.data.map(Math.abs) } as Matrix;
      const [ours, theirs] = await both(matrix, async (one, points) => ({
        project: await one.project(points, directions),
        combine: await one.combine(points, weights),
      }));
      using bounds = await reference.load(sizes);
      const most = {
        project: await reference.project(bounds, directions.map(Math.abs)),
        combine: await reference.combine(bounds, weights.map(Math.abs)),
      };
      expectWithin(ours.project, theirs.project, most.project, tolerances.products(columns));
      expectWithin(ours.combine, theirs.combine, most.combine, tolerances.products(rows));
    }
  });
});

/** Equal on bytes. On floats within the stated tolerance and the reference's one rounding to float32. */
function expectDistances(ours: Distances, theirs: Distances, tolerance: number): void {
  if (theirs instanceof Int32Array) {
    expect(ours).toEqual(theirs);
  } else {
    expect(ours).toBeInstanceOf(Float32Array);
    expectClose(ours, theirs, tolerance + 2 ** -24);
  }
}

function expectClose(ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  expectWithin(ours, theirs, theirs, tolerance);
}

function expectWithin(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  scale: ArrayLike<number>,
  tolerance: number,
): void {
  expect(ours.length).toBe(theirs.length);
  for (let i = 0; i < theirs.length; i++) {
    const off = Math.abs(at(ours, i) - at(theirs, i));
    if (!(off <= tolerance * Math.abs(at(scale, i)))) {
      expect.fail(
        `value ${i} is ${at(ours, i)}, not ${at(theirs, i)} within ${tolerance} of ${at(scale, i)}`,
      );
    }
  }
}

/** The same rectangles with reaches so wide that most points lie inside some. */
function widened(rectangles: Rectangles): Rectangles {
  const wider = (reach: number) => (reach === NO_FACE ? reach : reach * 3);
  return rectangles.dtype === 'u1'
    ? { ...rectangles, above: rectangles.above.map(wider), below: rectangles.below.map(wider) }
    : { ...rectangles, above: rectangles.above.map((r) => r * 3), below: rectangles.below.map((r) => r * 3) };
}
