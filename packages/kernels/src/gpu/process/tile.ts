import type { Distance } from '../../engine.js';
import type { DeviceMatrix, Part } from './device-matrix.js';
import { type Measure, measureOf } from './measure.js';
import type { DeviceArray, KernelRunner, Sizes } from './runner.js';

/**
 * Distances from some rows of one matrix to all rows of another, on the device: a piece for every part of the points.
 * Dispose it.
 */
export interface Tile extends Disposable {
  readonly measure: Measure;
  /** Rows of the tile. */
  readonly rows: number;
  /** Rows of the points. */
  readonly points: number;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly part: Part;
  readonly array: DeviceArray;
  readonly sizes: Sizes;
}

export interface TileOrder {
  readonly queries: DeviceMatrix;
  readonly points: DeviceMatrix;
  readonly distance: Distance;
  /** Rows of the queries, even where the tile is not the last, within one part. */
  readonly start: number;
  readonly end: number;
  readonly slot: string;
}

export async function computeTile(runner: KernelRunner, order: TileOrder): Promise<Tile> {
  const { queries, points, distance, start, end, slot } = order;
  const measure = measureOf(points, distance);
  const rows = end - start;
  const from = queries.partOf(start);
  if (end > from.first + from.rows) throw new RangeError('a tile lies within one part of its queries');
  const pieces: Piece[] = [];
  for (const [index, part] of points.parts.entries()) {
    const pairs = Math.ceil(part.rows / 2);
    const lines = measure.layout === 'single' ? Math.ceil(rows / 2) : rows;
    const array = await runner.run({
      kernel: measure.kernel,
      components: 4,
      constants: { chunks: points.width / 16 },
      output: [pairs, lines],
      args: [
        { array: from.array, sizes: from.sizes },
        { array: part.array, sizes: part.sizes },
        start - from.first,
      ],
      slot: `tile ${slot} ${index}`,
    });
    pieces.push({ part, array, sizes: [4 * pairs, lines] });
  }
  const give = (): void => {
    for (const { array } of pieces) array[Symbol.dispose]();
  };
  return { measure, rows, points: points.rows, pieces, [Symbol.dispose]: give };
}

/** Bytes on the device of a row of a tile. */
export function tileRowBytes(points: DeviceMatrix, distance: Distance): number {
  return points.rows * (measureOf(points, distance).layout === 'single' ? 4 : 8);
}

/** Reads a tile back: codes or floats, rows × points. */
export async function readTile(tile: Tile): Promise<Int32Array | Float32Array> {
  const { measure, rows, points, pieces } = tile;
  const all = measure.dtype === 'f4' ? new Float32Array(rows * points) : new Int32Array(rows * points);
  for (const { part, array, sizes } of pieces) {
    const numbers = await array.read();
    const width = sizes[0];
    for (let row = 0; row < rows; row++) {
      const to = row * points + part.first;
      if (measure.layout === 'single') {
        const from = (row >> 1) * width + 2 * (row & 1);
        for (let p = 0; p < part.rows; p++) all[to + p] = numbers[from + 4 * (p >> 1) + (p & 1)] ?? 0;
      } else {
        const from = row * width;
        for (let p = 0; p < part.rows; p++) {
          all[to + p] = (numbers[from + 2 * p] ?? 0) * 4096 + (numbers[from + 2 * p + 1] ?? 0);
        }
      }
    }
  }
  return all;
}
