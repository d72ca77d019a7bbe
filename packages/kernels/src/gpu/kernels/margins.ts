import type { KernelThis } from './kernel-this.js';

/** Margins and rooms of bytes against rectangles (method §2.4). Thread (rectangle, row), rows from `first` on. */

/**
 * Exactly: every number as high·4096 + low with 0 ≤ low < 4096; a face that is none lies so far out that its
 * excess is under every other.
 * @param counts [rectangle][high, low]
 * @param faces [rectangle][8·column …]: upper face high, low; lower face; room behind the upper; room behind the lower
 * @returns margin high, low; the room, or high −2²³ where no face is violated
 */
export function byteMargins(
  this: KernelThis<{ readonly columns: number }>,
  points: number[][],
  counts: number[][],
  faces: number[][],
  first: number,
): [number, number, number, number] {
  const t = this.thread.x;
  const row = first + this.thread.y;
  const countHigh = counts[t][0];
  const countLow = counts[t][1];
  let marginHigh = -131072;
  let marginLow = 0;
  let roomHigh = -8388608;
  let roomLow = 0;
  for (let j = 0; j < this.constants.columns; j++) {
    const x = points[j][row];
    const above = countLow * x - faces[t][8 * j + 1];
    const aboveCarry = Math.floor(above * 0.000244140625);
    const aboveHigh = countHigh * x - faces[t][8 * j] + aboveCarry;
    const aboveLow = above - aboveCarry * 4096;
    if (aboveHigh > marginHigh || (aboveHigh === marginHigh && aboveLow > marginLow)) {
      marginHigh = aboveHigh;
      marginLow = aboveLow;
    }
    if (aboveHigh > 0 || (aboveHigh === 0 && aboveLow > 0)) {
      const upperHigh = faces[t][8 * j + 4];
      const upperLow = faces[t][8 * j + 5];
      if (upperHigh > roomHigh || (upperHigh === roomHigh && upperLow > roomLow)) {
        roomHigh = upperHigh;
        roomLow = upperLow;
      }
    }
    const below = faces[t][8 * j + 3] - countLow * x;
    const belowCarry = Math.floor(below * 0.000244140625);
    const belowHigh = faces[t][8 * j + 2] - countHigh * x + belowCarry;
    const belowLow = below - belowCarry * 4096;
    if (belowHigh > marginHigh || (belowHigh === marginHigh && belowLow > marginLow)) {
      marginHigh = belowHigh;
      marginLow = belowLow;
    }
    if (belowHigh > 0 || (belowHigh === 0 && belowLow > 0)) {
      const lowerHigh = faces[t][8 * j + 6];
      const lowerLow = faces[t][8 * j + 7];
      if (lowerHigh > roomHigh || (lowerHigh === roomHigh && lowerLow > roomLow)) {
        roomHigh = lowerHigh;
        roomLow = lowerLow;
      }
    }
  }
  return [marginHigh, marginLow, roomHigh, roomLow];
}
