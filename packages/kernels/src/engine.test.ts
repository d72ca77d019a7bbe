import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, GROUP_END, NO_FACE, type Rectangles } from './engine.js';
import type { Matrix } from './matrix.js';
import { at } from './reference/at.js';
import { createReferenceEngine } from './reference/reference-engine.js';
import { ENGINES } from './testing/engines.js';
import { byteMatrix, centresOf, floatMatrix, rectanglesOf } from './testing/samples.js';

/** What every engine answers where the answer is known without computing it, and what it refuses. */
describe.each(ENGINES)('$name', ({ create }) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await create();
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  describe.each(['u1', 'f4'] as const)('on a line of %s', (dtype) => {
    const values = [0, 1, 3, 7, 7, 15];
    const line: Matrix =
      dtype === 'u1'
        ? { dtype, rows: 6, columns: 1, data: Uint8Array.from(values) }
        : { dtype, rows: 6, columns: 1, data: Float32Array.from(values) };

    it('finds the distance to the k-th nearest, the row itself being the first', async () => {
      using points = await engine.load(line);
      expect([...(await engine.neighbourRadii(points, 'l1', 2))]).toEqual([1, 1, 2, 0, 0, 8]);
      expect([...(await engine.neighbourRadii(points, 'l1', 3))]).toEqual([3, 2, 3, 4, 4, 8]);
      expect([...(await engine.neighbourRadii(points, 'squared-l2', 3))]).toEqual([9, 4, 9, 16, 16, 64]);
      expect([...(await engine.neighbourRadii(points, 'l1', 6))]).toEqual([15, 14, 12, 8, 8, 15]);
    });

    it('finds all distances, the queries being the rows', async () => {
      using points = await engine.load(line);
      using queries = await engine.load({ ...line, rows: 2, data: line.data.subarray(1, 3) } as Matrix);
      const answer = await engine.distanceRows(queries, points, 'squared-l2');
      expect([...answer]).toEqual([1, 0, 4, 36, 36, 196, 9, 4, 0, 16, 16, 144]);
    });

    it('lists the nearest with ties, and what each ball reaches until rows are taken out', async () => {
      using points = await engine.load(line);
      const reaches = [(radius: number) => radius + 3, (radius: number) => radius];
      using found = await engine.neighbourhoods(points, 'linf', 2, reaches);
      const [three, none] = found.byReach;
      if (three === undefined || none === undefined) throw new Error('a reach is missing');
      const of = (row: number, { blocks } = three) => {
        const block = blocks.find(({ first, starts }) => row >= first && row < first + starts.length - 1);
        const start = block?.starts[row - block.first] ?? 0;
        const end = block?.starts[row - block.first + 1] ?? 0;
        return {
          ids: Array.from(block?.ids.subarray(start, end) ?? [], (id) =>
            id < 0 ? `${id - GROUP_END}.` : `${id}`,
          ),
          reached: [...(block?.reached.subarray(start, end) ?? [])],
        };
      };
      expect(of(1)).toEqual({ ids: ['1.', '0.'], reached: [3, 0] });
      expect(of(3)).toEqual({ ids: ['3', '4.'], reached: [2, 0] });
      expect(of(2)).toEqual({ ids: ['2.', '1.'], reached: [3, 2] });
      expect(of(3, none)).toEqual({ ids: ['3', '4.'], reached: [2, 0] });
      expect(of(2, none)).toEqual({ ids: ['2.', '1.'], reached: [1, 1] });
      using gone = await engine.load({ ...line, rows: 2, data: line.data.subarray(2, 4) } as Matrix);
      await engine.takeOut(three, gone);
      expect(of(2).reached).toEqual([2, 1]);
      expect(of(3).reached).toEqual([1, 0]);
      expect(of(2, none).reached).toEqual([1, 1]);
      await engine.takeOut(none, gone);
      expect(of(2, none).reached).toEqual([0, 1]);
      await engine.putBack(three, gone);
      expect(of(2).reached).toEqual([3, 2]);
      await expect(engine.neighbourhoods(points, 'l1', 7, reaches)).rejects.toThrow('1 to');
      await expect(engine.neighbourhoods(points, 'l1', 2, [])).rejects.toThrow('at least one reach');
    });

    it('multiplies with directions, and adds up with weights', async () => {
      using points = await engine.load(line);
      const project = await engine.project(points, Float64Array.of(2, -0.5));
      expect([...project]).toEqual([0, 0, 2, -0.5, 6, -1.5, 14, -3.5, 14, -3.5, 30, -7.5]);
      const combine = await engine.combine(points, Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0.5));
      expect([...combine]).toEqual([33, 7.5]);
    });
  });

  it('finds the nearest centre as a fraction', async () => {
    using points = await engine.load({ dtype: 'u1', rows: 3, columns: 1, data: Uint8Array.of(0, 2, 3) });
    // Centres 4/3 and 5/2: row 2 is 2/3 from the one and 1/2 from the other.
    const centres = { dtype: 'u1', count: Int32Array.of(3, 2), sum: Int32Array.of(4, 5) } as const;
    const { labels, distances } = await engine.nearestCentres(points, { start: 0, end: 3 }, centres);
    expect([...labels]).toEqual([0, 1, 1]);
    expect([...distances]).toEqual([4 / 3, 0.5, 0.5]);
  });

  it('answers zero for k = 1', async () => {
    using points = await engine.load(byteMatrix(1, 130, 20));
    expect(await engine.neighbourRadii(points, 'l1', 1)).toEqual(new Int32Array(130));
  });

  it.each([
    ['l1', 3072, 783_360],
    ['squared-l2', 3072, 199_756_800],
    ['l1', 40_000, 10_200_000],
    ['squared-l2', 33_025, 2_147_450_625],
    ['linf', 40_000, 255],
  ] as const)(
    'sums %s over %i columns of 255 against 0 beyond 16 bits',
    async (distance, columns, expected) => {
      const data = new Uint8Array(3 * columns).fill(255, columns);
      using points = await engine.load({ dtype: 'u1', rows: 3, columns, data });
      const radii = await engine.neighbourRadii(points, distance, 3);
      expect([...radii]).toEqual([expected, expected, expected]);
      expect([...(await engine.neighbourRadii(points, distance, 2))]).toEqual([expected, 0, 0]);
    },
  );

  it.each([1, 65_793, 2_105_376])(
    'does not overflow where a centre of %i rows is far away',
    async (count) => {
      const columns = 3072;
      const data = new Uint8Array(2 * columns).fill(250, columns);
      using points = await engine.load({ dtype: 'u1', rows: 2, columns, data });
      const far = {
        dtype: 'u1',
        count: Int32Array.of(count),
        sum: new Int32Array(columns).fill(255 * count),
      } as const;
      const answer = await engine.nearestCentres(points, { start: 0, end: 2 }, far);
      expect([...answer.distances]).toEqual([255 * columns, 5 * columns]);
    },
  );

  it('gives a tie to the lowest centre even if another one needs no rounding to bytes', async () => {
    using points = await engine.load({ dtype: 'u1', rows: 1, columns: 2, data: Uint8Array.of(0, 0) });
    const centres = { dtype: 'u1', count: Int32Array.of(2, 1), sum: Int32Array.of(3, 1, 1, 1) } as const;
    const answer = await engine.nearestCentres(points, { start: 0, end: 1 }, centres);
    expect([...answer.labels, ...answer.distances]).toEqual([0, 2]);
  });

  it('puts a point that attains its half-edge exactly on the face', async () => {
    for (const matrix of [byteMatrix(4, 50, 30), floatMatrix(4, 50, 30)]) {
      using points = await engine.load(matrix);
      const { margin } = await engine.margins(points, { start: 0, end: 50 }, cover(matrix));
      expect(Math.max(...margin)).toBe(0);
    }
  });

  it('leaves out faces that no point can violate', async () => {
    using points = await engine.load({ dtype: 'u1', rows: 1, columns: 2, data: Uint8Array.of(10, 255) });
    const only = (above: number[], below: number[]): Rectangles => ({
      dtype: 'u1',
      count: Int32Array.of(2),
      sum: Int32Array.of(10, 100),
      above: Int32Array.from(above),
      below: Int32Array.from(below),
      range: { low: 0, high: 255 },
    });
    const answer = (one: Rectangles) => engine.margins(points, { start: 0, end: 1 }, one);
    const numbers = (margin: number, room: number) => ({
      margin: Int32Array.of(margin),
      marginOf: Int32Array.of(0),
      room: Int32Array.of(room),
      roomOf: Int32Array.of(0),
    });
    // Excess: 2·10 − 10 − 6 above, 2·255 − 100 − 400 beside it; room 510 − 100 − 400.
    expect(await answer(only([6, 400], [0, 0]))).toEqual(numbers(10, 494));
    expect(await answer(only([NO_FACE, 400], [0, 0]))).toEqual(numbers(10, 10));
    expect(await answer(only([NO_FACE, NO_FACE], [0, NO_FACE]))).toEqual(numbers(-10, -1));
    expect(await answer(only([NO_FACE, NO_FACE], [NO_FACE, NO_FACE]))).toEqual(numbers(-NO_FACE, -1));
  });

  describe('refuses', () => {
    const bytes = byteMatrix(1, 10, 4);
    const all = { start: 0, end: 10 };

    it('matrices whose shape is not their data, or that are not finite', async () => {
      await expect(engine.load({ ...bytes, rows: 11 })).rejects.toThrow(RangeError);
      await expect(engine.load({ ...bytes, rows: -1 })).rejects.toThrow(RangeError);
      for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const data = Float32Array.of(1, odd);
        await expect(engine.load({ dtype: 'f4', rows: 2, columns: 1, data })).rejects.toThrow(/finite/);
      }
    });

    it.each([0, 11, 1.5, Number.NaN])('k = %d of 10 rows', async (k) => {
      using points = await engine.load(bytes);
      await expect(engine.neighbourRadii(points, 'l1', k)).rejects.toThrow(RangeError);
    });

    it('squared distances that an int32 cannot hold', async () => {
      using points = await engine.load(byteMatrix(1, 1, 33_026));
      await expect(engine.neighbourRadii(points, 'squared-l2', 1)).rejects.toThrow(/33025/);
    });

    it('rows beyond the matrix', async () => {
      using points = await engine.load(bytes);
      for (const range of [
        { start: 0, end: 11 },
        { start: 3, end: 2 },
        { start: -1, end: 2 },
        { start: 0, end: 0.5 },
      ]) {
        await expect(engine.nearestCentres(points, range, centresOf(bytes, 2))).rejects.toThrow(RangeError);
        await expect(engine.margins(points, range, rectanglesOf(bytes, 2, 1, false))).rejects.toThrow(
          RangeError,
        );
      }
    });

    it('columns and dtypes that do not fit', async () => {
      using points = await engine.load(bytes);
      using wider = await engine.load(byteMatrix(1, 10, 5));
      using floats = await engine.load(floatMatrix(1, 10, 4));
      await expect(engine.distanceRows(points, wider, 'l1')).rejects.toThrow(RangeError);
      await expect(engine.distanceRows(points, floats, 'l1')).rejects.toThrow(RangeError);
      await expect(engine.nearestCentres(wider, all, centresOf(bytes, 2))).rejects.toThrow(RangeError);
      await expect(engine.nearestCentres(floats, all, centresOf(bytes, 2))).rejects.toThrow(RangeError);
      await expect(engine.margins(wider, all, rectanglesOf(bytes, 2, 1, false))).rejects.toThrow(RangeError);
      await expect(engine.project(points, new Float64Array(5))).rejects.toThrow(RangeError);
      await expect(engine.combine(points, new Float64Array(11))).rejects.toThrow(RangeError);
    });

    it('centres that are none', async () => {
      using points = await engine.load(bytes);
      const ask = (count: number[], sum: number[]) =>
        engine.nearestCentres(points, all, {
          dtype: 'u1',
          count: Int32Array.from(count),
          sum: Int32Array.from(sum),
        });
      await expect(ask([], [])).rejects.toThrow(/at least one/);
      await expect(ask([0], [0, 0, 0, 0])).rejects.toThrow(/count 0 is 0/);
      await expect(ask([1], [0, 0, 0, 256])).rejects.toThrow(/256/);
    });

    it('handles that are disposed or of another engine', async () => {
      const points = await engine.load(bytes);
      points[Symbol.dispose]();
      points[Symbol.dispose]();
      await expect(engine.neighbourRadii(points, 'l1', 1)).rejects.toThrow(/disposed/);
      await using other = createReferenceEngine();
      using foreign = await other.load(bytes);
      const refused = engine.info.engine === 'reference' ? undefined : /another engine/;
      if (refused !== undefined) {
        await expect(engine.neighbourRadii(foreign, 'l1', 1)).rejects.toThrow(refused);
      }
    });

    it('to start when the signal is aborted already', async () => {
      using points = await engine.load(bytes);
      const options = { signal: AbortSignal.abort(new Error('enough')) };
      await expect(engine.neighbourRadii(points, 'l1', 2, options)).rejects.toThrow('enough');
      await expect(engine.project(points, new Float64Array(4), options)).rejects.toThrow('enough');
    });
  });
});

/** The one rectangle around the mean that reaches just as far as the rows do. */
function cover(matrix: Matrix): Rectangles {
  const { rows, columns, data } = matrix;
  const centres = centresOf(matrix, 1);
  const count = centres.dtype === 'u1' ? at(centres.count, 0) : 1;
  const reach = Array.from({ length: columns }, (_, j) =>
    Math.max(
      ...Array.from({ length: rows }, (_, i) => {
        const apart = count * at(data, i * columns + j) - at(centres.sum, j);
        return Math.abs(centres.dtype === 'u1' ? apart : Math.fround(apart));
      }),
    ),
  );
  return centres.dtype === 'u1'
    ? { ...centres, above: Int32Array.from(reach), below: Int32Array.from(reach) }
    : { ...centres, above: Float32Array.from(reach), below: Float32Array.from(reach) };
}
