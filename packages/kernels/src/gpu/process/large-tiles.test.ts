import { describe, expect, it } from 'vitest';
import { at } from '../../reference/at.js';
import { byteMatrix } from '../../testing/samples.js';
import { DeviceMatrix } from './device-matrix.js';
import { gatherLists } from './lists.js';
import { KernelRunner } from './runner.js';
import { kthSmallest } from './select.js';
import { computeTile } from './tile.js';
import { countWithin } from './within.js';

const ROWS = 9001;
const QUERIES = 2;

/** Sizes beyond what one kernel takes, in this process, where two rows against many can be asked for. */
describe.each(['cpu', 'webasm'] as const)('on %s, two rows of a tile', (mode) => {
  it.each(['l1', 'squared-l2'] as const)('list and count all of many points in %s', async (distance) => {
    await using runner = new KernelRunner(mode);
    // Squares of 700 columns pass 2²⁴ and are pairs of numbers.
    const columns = 700;
    const { data } = byteMatrix(1, ROWS, columns);
    using points = new DeviceMatrix(runner, 'u1', ROWS, columns, 2 ** 28);
    await points.append(data, ROWS);
    using queries = new DeviceMatrix(runner, 'u1', QUERIES, columns, 2 ** 28);
    await queries.append(data.slice(0, QUERIES * columns), QUERIES);
    const tile = await computeTile(runner, { queries, points, distance, start: 0, end: QUERIES, slot: '0' });
    expect(tile.measure.layout).toBe(distance === 'l1' ? 'single' : 'pair');

    const between = (i: number, j: number) => {
      let sum = 0;
      for (let c = 0; c < columns; c++) {
        const apart = Math.abs(at(data, i * columns + c) - at(data, j * columns + c));
        sum += distance === 'l1' ? apart : apart ** 2;
      }
      return sum;
    };
    const expected = Array.from({ length: QUERIES }, (_, i) =>
      Array.from({ length: ROWS }, (__, j) => between(i, j)),
    );
    const ascending = expected.map((line) => line.toSorted((a, b) => a - b));
    for (const k of [1, 2, 4500, ROWS]) {
      expect([...(await kthSmallest(runner, tile, k))]).toEqual(ascending.map((line) => line[k - 1]));
    }

    // More entries than one kernel gathers.
    const farthest = Float64Array.from(ascending, (line) => line[ROWS - 1] ?? 0);
    const lists = await gatherLists(runner, tile, farthest);
    expect([...lists.starts]).toEqual([0, ROWS, 2 * ROWS]);
    expect([...lists.ids.subarray(ROWS)]).toEqual(Array.from({ length: ROWS }, (_, id) => id));
    expect([...lists.codes]).toEqual(expected.flat());

    // More limits than one kernel counts, each over more pairs of points than 1000 rounds of a loop.
    const limits = Int32Array.from(ascending.flat());
    const counts = await countWithin(runner, tile, limits, ROWS);
    expect([...counts.subarray(0, ROWS)]).toEqual(
      ascending[0]?.map((limit, index, line) => line.lastIndexOf(limit) + (line[index] === limit ? 1 : 0)),
    );
    expect(at(counts, 2 * ROWS - 1)).toBe(ROWS);
  });
});
