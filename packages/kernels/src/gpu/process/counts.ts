import { countPair, countSingle, sumSegments } from '../kernels/counts.js';
import type { Measure } from './measure.js';
import type { Argument, DeviceArray, KernelRunner } from './runner.js';
import type { Piece, Tile } from './tile.js';

/**
 * Threads that share the points of a row where few bars are counted: enough of them to fill a device with a tile of a
 * few hundred rows. A power of two.
 */
export const SEGMENTS = 64;

/** Bars as kernels take them: [row][bar], four a group, or two such arrays, high and low. */
export function barArguments(measure: Measure, codes: Float64Array, width: number): Argument[] {
  const sizes = [width, codes.length / width] as const;
  if (measure.layout === 'single') {
    return [{ values: Float32Array.from(codes, (code) => measure.toFloat(code)), sizes }];
  }
  const high = Float32Array.from(codes, (code) => Math.floor(code / 4096));
  const low = Float32Array.from(codes, (code) => code - 4096 * Math.floor(code / 4096));
  return [
    { values: high, sizes },
    { values: low, sizes },
  ];
}

/**
 * How many points of a piece are at or below each bar of each row, by segment: rows × [bar group][segment][four bars].
 * @param order `even`: a segment is every so-many-th pair; `runs`: consecutive pairs
 */
export function countPiece(
  runner: KernelRunner,
  { measure, rows }: Tile,
  piece: Piece,
  bars: readonly Argument[],
  { groups, segments, order }: { groups: number; segments: number; order: 'even' | 'runs' },
): Promise<DeviceArray> {
  const pairs = pairsPerSegment(piece, segments);
  const steps = order === 'even' ? { stride: 1, step: segments } : { stride: pairs, step: 1 };
  return runner.run({
    kernel: measure.layout === 'single' ? countSingle : countPair,
    components: 4,
    constants: { segments, share: 1 / segments, pairs, ...steps },
    output: [segments * groups, rows],
    args: [{ array: piece.array, sizes: piece.sizes }, ...bars, piece.part.rows],
    slot: 'counts',
  });
}

export function pairsPerSegment({ part }: Piece, segments: number): number {
  return Math.ceil(part.rows / 2 / segments);
}

/**
 * How many points of a tile are at or below each of `width` bars (a multiple of 4) of each row.
 * @returns rows × width
 */
export async function countTile(
  runner: KernelRunner,
  tile: Tile,
  codes: Float64Array,
  width: number,
): Promise<Float64Array> {
  const groups = width / 4;
  const segments = groups >= SEGMENTS ? 1 : SEGMENTS;
  const bars = barArguments(tile.measure, codes, width);
  const total = new Float64Array(tile.rows * width);
  for (const piece of tile.pieces) {
    using counts = await countPiece(runner, tile, piece, bars, { groups, segments, order: 'even' });
    using sums = segments === 1 ? undefined : await sumOf(runner, tile, counts, { groups, segments });
    const read = await (sums ?? counts).read();
    for (let index = 0; index < total.length; index++) {
      total[index] = (total[index] ?? 0) + (read[index] ?? 0);
    }
  }
  return total;
}

function sumOf(
  runner: KernelRunner,
  { rows }: Tile,
  counts: DeviceArray,
  { groups, segments }: { groups: number; segments: number },
): Promise<DeviceArray> {
  return runner.run({
    kernel: sumSegments,
    components: 1,
    constants: { segments },
    output: [4 * groups, rows],
    args: [{ array: counts, sizes: [4 * segments * groups, rows] }],
    slot: 'sums',
  });
}
