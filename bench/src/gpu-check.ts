import { deepStrictEqual } from 'node:assert';
import type { Matrix } from '@levy/datasets';
import type { Engine, Neighbourhoods } from '@levy/kernels';

/** Every pass on bytes, on both engines: throws where one answers other numbers than the other. */
export async function checkSameAnswers(
  ours: Engine,
  theirs: Engine,
  points: Extract<Matrix, { dtype: 'u1' }>,
): Promise<void> {
  for (const [name, pass] of Object.entries(PASSES)) {
    deepStrictEqual(await pass(ours, points), await pass(theirs, points), `${name} differs`);
    console.error(`${name}: equal on ${points.rows} rows to what ${theirs.info.engine} answers`);
  }
}

type Pass = (engine: Engine, points: Extract<Matrix, { dtype: 'u1' }>) => Promise<unknown>;

/** Clusters of the matrix: row i belongs to cluster i modulo 7. */
const T = 7;

const PASSES: Readonly<Record<string, Pass>> = {
  'neighbour radii': async (engine, points) => {
    using handle = await engine.load(points);
    const k = Math.min(50, points.rows);
    return [
      await engine.neighbourRadii(handle, 'l1', k),
      await engine.neighbourRadii(handle, 'squared-l2', k),
      await engine.neighbourRadii(handle, 'linf', k),
    ];
  },
  neighbourhoods: async (engine, points) => {
    using handle = await engine.load(points);
    using gone = await engine.load({ ...points, rows: 9, data: points.data.subarray(0, 9 * points.columns) });
    const reaches = [300_000, 0].map((more) => (radius: number) => radius + more);
    using found = await engine.neighbourhoods(handle, 'squared-l2', 40, reaches);
    const before = found.byReach.map(entriesOf);
    for (const each of found.byReach) await engine.takeOut(each, gone);
    return { before, after: found.byReach.map(entriesOf) };
  },
  'nearest centres': async (engine, points) => {
    using handle = await engine.load(points);
    return engine.nearestCentres(
      handle,
      { start: 0, end: points.rows },
      { dtype: 'u1', ...clusters(points) },
    );
  },
  margins: async (engine, points) => {
    using handle = await engine.load(points);
    const { count, sum } = clusters(points);
    const reach = sum.map((_, index) => 40 * (count[Math.floor(index / points.columns)] ?? 1));
    const range = { low: 0, high: 255 };
    const rectangles = { dtype: 'u1', count, sum, above: reach, below: reach, range } as const;
    return engine.margins(handle, { start: 0, end: points.rows }, rectangles);
  },
  'products with whole multiples': async (engine, points) => {
    using handle = await engine.load(points);
    // Sums of multiples of 2⁻²⁰ with bytes are exact in float64, in any order.
    const numbers = (length: number) =>
      Float64Array.from({ length }, (_, index) => (((index * 7919) % 2_097_153) - 1_048_576) / 2 ** 20);
    return [
      await engine.project(handle, numbers(3 * points.columns)),
      await engine.combine(handle, numbers(2 * points.rows)),
    ];
  },
};

function clusters({ rows, columns, data }: Extract<Matrix, { dtype: 'u1' }>) {
  const count = new Int32Array(T);
  const sum = new Int32Array(T * columns);
  for (let row = 0; row < rows; row++) {
    const t = row % T;
    count[t] = (count[t] ?? 0) + 1;
    for (let j = 0; j < columns; j++) {
      sum[t * columns + j] = (sum[t * columns + j] ?? 0) + (data[row * columns + j] ?? 0);
    }
  }
  return { count, sum };
}

function entriesOf({ blocks }: Neighbourhoods): unknown {
  return blocks.flatMap(({ starts, ids, reached }) =>
    Array.from({ length: starts.length - 1 }, (_, line) => {
      const [from, to] = [starts[line], starts[line + 1]];
      return { ids: [...ids.subarray(from, to)], reached: [...reached.subarray(from, to)] };
    }),
  );
}
