import type { KernelThis } from './kernel-this.js';

/** Distances to centres in ℓ1 and the nearest of them (method §2.2). Rows are the points from `first` on. */

interface Chunks {
  readonly chunks: number;
}

/**
 * On bytes Σ|count·x − sum| exactly, as low + middle·2¹² + high·2²⁴. count and sum come as high·4096 + low, so that
 * every product is under 2²⁴. Thread (centre, row).
 * @param counts [centre][high, low] @param sums [centre][2·column, 2·column + 1]: high, low
 */
export function numerators(
  this: KernelThis<Chunks>,
  points: number[][],
  counts: number[][],
  sums: number[][],
  first: number,
): [number, number, number] {
  const t = this.thread.x;
  const row = first + this.thread.y;
  const countHigh = counts[t][0];
  const countLow = counts[t][1];
  let low = 0;
  let middle = 0;
  let high = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let chunkHigh = 0;
    for (let j = 0; j < 16; j++) {
      const x = points[16 * c + j][row];
      const l = countLow * x - sums[t][2 * (16 * c + j) + 1];
      const carry = Math.floor(l * 0.000244140625);
      const h = countHigh * x - sums[t][2 * (16 * c + j)] + carry;
      const sign = h < 0 ? -1 : 1;
      chunkHigh += sign * h;
      low += sign * (l - carry * 4096);
    }
    const toMiddle = Math.floor(low * 0.000244140625);
    low -= toMiddle * 4096;
    middle += chunkHigh + toMiddle;
    const toHigh = Math.floor(middle * 0.000244140625);
    middle -= toHigh * 4096;
    high += toHigh;
  }
  return [low, middle, high];
}

/**
 * The nearest of the centres by numerator over count in float32. Where the second is nearer than the rounding may hide,
 * the label is −1 − label, and the host decides. Thread (row).
 * @param found [row][3·centre …] as `numerators` answers it
 * @param inverses 1 over the counts
 * @returns label and the numerator of that centre
 */
export function nearestFraction(
  this: KernelThis<{ readonly centres: number }>,
  found: number[][],
  inverses: number[],
): [number, number, number, number] {
  const row = this.thread.x;
  let label = 0;
  let best = 0;
  let second = 0;
  for (let t = 0; t < this.constants.centres; t++) {
    const whole = found[row][3 * t + 2] * 16777216 + found[row][3 * t + 1] * 4096 + found[row][3 * t];
    const distance = whole * inverses[t];
    if (t === 0) {
      best = distance;
      second = distance * 2 + 1;
    } else if (distance < best) {
      second = best;
      best = distance;
      label = t;
    } else if (distance < second) {
      second = distance;
    }
  }
  const low = found[row][3 * label];
  const middle = found[row][3 * label + 1];
  const high = found[row][3 * label + 2];
  // Four millionths: far more than the few roundings of 2⁻²⁴ that led here.
  if (second * 0.999996 <= best) {
    label = -1 - label;
  }
  return [label, low, middle, high];
}

/** On floats Σ|x − centre| in float32. Thread (centre, row). @param centres [centre][column] */
export function floatDistances(
  this: KernelThis<Chunks>,
  points: number[][],
  centres: number[][],
  first: number,
): number {
  const t = this.thread.x;
  const row = first + this.thread.y;
  let sum = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let chunk = 0;
    for (let j = 0; j < 16; j++) {
      chunk += Math.abs(points[16 * c + j][row] - centres[t][16 * c + j]);
    }
    sum += chunk;
  }
  return sum;
}

/** @param found [row][centre] @returns the lowest of the nearest centres, and its distance. Thread (row). */
export function nearestFloat(
  this: KernelThis<{ readonly centres: number }>,
  found: number[][],
): [number, number] {
  const row = this.thread.x;
  let label = 0;
  let best = found[row][0];
  for (let t = 1; t < this.constants.centres; t++) {
    if (found[row][t] < best) {
      best = found[row][t];
      label = t;
    }
  }
  return [label, best];
}
