import { countTile } from './counts.js';
import type { KernelRunner } from './runner.js';
import type { Tile } from './tile.js';

/** Bars a round: a round divides what is left in five. */
const BARS = 4;

/**
 * The code of the k-th smallest distance of every row of a tile, 1 ≤ k ≤ points. Sought by counting how many lie at or
 * below a bar, four bars a round, which reads the tile once; nothing of the tile leaves the device.
 */
export async function kthSmallest(runner: KernelRunner, tile: Tile, k: number): Promise<Float64Array> {
  const { rows, measure } = tile;
  // Fewer than k lie at or below `low`, k or more at or below `high`.
  const low = new Float64Array(rows).fill(-1);
  const high = new Float64Array(rows).fill(measure.most);
  const bars = new Float64Array(BARS * rows);
  while (high.some((code, row) => code - (low[row] ?? 0) > 1)) {
    for (let row = 0; row < rows; row++) {
      const [from, to] = [low[row] ?? 0, high[row] ?? 0];
      for (let bar = 0; bar < BARS; bar++) {
        // Where fewer codes are left than bars, some bars are the same.
        bars[BARS * row + bar] = Math.max(
          0,
          Math.min(to, from + Math.ceil(((to - from) * (bar + 1)) / (BARS + 1))),
        );
      }
    }
    const counts = await countTile(runner, tile, bars, BARS);
    for (let row = 0; row < rows; row++) {
      for (let bar = 0; bar < BARS; bar++) {
        const code = bars[BARS * row + bar] ?? 0;
        if ((counts[BARS * row + bar] ?? 0) < k) low[row] = Math.max(low[row] ?? 0, code);
        else high[row] = Math.min(high[row] ?? 0, code);
      }
    }
  }
  return high;
}
