import { countTile } from './counts.js';
import type { KernelRunner } from './runner.js';
import type { Tile } from './tile.js';

/** Limits of a row that one kernel counts, a multiple of 4. */
const MOST_AT_ONCE = 4096;

/**
 * How many points are within each limit of each row of a tile.
 * @param limits rows × width, as the engine answers distances
 * @returns rows × width
 */
export async function countWithin(
  runner: KernelRunner,
  tile: Tile,
  limits: Int32Array | Float32Array,
  width: number,
): Promise<Int32Array> {
  const { rows, measure } = tile;
  const codeOf = limits instanceof Int32Array ? (limit: number) => limit : measure.toCode;
  const counts = new Int32Array(rows * width);
  for (let first = 0; first < width; first += MOST_AT_ONCE) {
    const some = Math.min(MOST_AT_ONCE, width - first);
    const group = Math.ceil(some / 4) * 4;
    const codes = new Float64Array(rows * group);
    for (let row = 0; row < rows; row++) {
      for (let index = 0; index < some; index++) {
        codes[row * group + index] = codeOf(limits[row * width + first + index] ?? 0);
      }
    }
    const found = await countTile(runner, tile, codes, group);
    for (let row = 0; row < rows; row++) {
      for (let index = 0; index < some; index++) {
        counts[row * width + first + index] = found[row * group + index] ?? 0;
      }
    }
  }
  return counts;
}
