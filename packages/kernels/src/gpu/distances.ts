import type { Distance, Distances } from '../engine.js';
import { valuesOf } from './answers.js';
import type { GpuMatrix } from './gpu-matrix.js';
import type { PassContext } from './pass-context.js';
import { runTiles } from './tiles.js';

/** What is read back of a tile at most: it passes from process to process. */
const MOST_READ = 2 ** 25;

/** Bytes on the device of a row's distances; some take two numbers. */
export function distanceRowBytes(points: GpuMatrix, distance: Distance): number {
  return points.rows * (points.dtype === 'u1' && distance !== 'linf' ? 8 : 4);
}

export async function neighbourRadii(
  points: GpuMatrix,
  distance: Distance,
  k: number,
  context: PassContext,
): Promise<Distances> {
  const { device } = context;
  const { rows, columns, dtype, number } = points;
  const radii = dtype === 'u1' ? new Int32Array(rows) : new Float32Array(rows);
  await runTiles(
    {
      name: `radii ${distance}`,
      start: 0,
      end: rows,
      stepsPerRow: rows * columns,
      bytesPerRow: distanceRowBytes(points, distance),
      rowsPerPart: device.rowsPerPart(columns),
      run: async ({ start, end, slot }) => {
        const done = await device.ask({ op: 'radii', points: number, distance, start, end, slot, k }, [
          points,
        ]);
        return { answer: valuesOf(done, 0, dtype, end - start), took: done.took };
      },
      take: ({ start }, found) => radii.set(found, start),
    },
    context,
  );
  return radii;
}

export async function distanceRows(
  queries: GpuMatrix,
  points: GpuMatrix,
  distance: Distance,
  context: PassContext,
): Promise<Distances> {
  const length = queries.rows * points.rows;
  const all = points.dtype === 'u1' ? new Int32Array(length) : new Float32Array(length);
  if (length === 0) {
    context.options.signal?.throwIfAborted();
    return all;
  }
  await distanceTiles(queries, points, distance, context, (start, found) =>
    all.set(found, start * points.rows),
  );
  return all;
}

/** Distances of the rows of `queries` to all points, some rows at a time, in their order. */
export async function distanceTiles(
  queries: GpuMatrix,
  points: GpuMatrix,
  distance: Distance,
  context: PassContext,
  take: (start: number, found: Distances) => void,
): Promise<void> {
  const { device } = context;
  await runTiles(
    {
      name: `distances ${distance}`,
      start: 0,
      end: queries.rows,
      stepsPerRow: points.rows * points.columns,
      bytesPerRow: distanceRowBytes(points, distance),
      rowsPerPart: device.rowsPerPart(points.columns),
      mostRows: MOST_READ / (4 * points.rows),
      run: async ({ start, end, slot }) => {
        const work = { queries: queries.number, points: points.number, distance, start, end, slot } as const;
        const done = await device.ask({ op: 'distances', ...work }, [queries, points]);
        return { answer: valuesOf(done, 0, points.dtype, (end - start) * points.rows), took: done.took };
      },
      take: ({ start }, found) => take(start, found),
    },
    context,
  );
}
