import type { KernelThis } from './kernel-this.js';

/**
 * How many distances of a tile lie at or below each of some bars. Thread (segment + segments · group, query) looks at
 * the pairs of points segment · stride + i · step for i < pairs, and answers for the four bars of its group.
 * `segments` is a power of two and `share` 1 over it. Points from `rows` on are padding.
 */

interface Segments {
  readonly segments: number;
  readonly share: number;
  readonly pairs: number;
  readonly stride: number;
  readonly step: number;
}

/** @param tile as the `…Single` kernels answer it @param bars [query][bar] */
export function countSingle(
  this: KernelThis<Segments>,
  tile: number[][],
  bars: number[][],
  rows: number,
): [number, number, number, number] {
  const group = Math.floor(this.thread.x * this.constants.share);
  const segment = this.thread.x - this.constants.segments * group;
  const q = this.thread.y;
  const line = Math.floor(q * 0.5);
  const half = 2 * (q - 2 * line);
  const b0 = bars[q][4 * group];
  const b1 = bars[q][4 * group + 1];
  const b2 = bars[q][4 * group + 2];
  const b3 = bars[q][4 * group + 3];
  let n0 = 0;
  let n1 = 0;
  let n2 = 0;
  let n3 = 0;
  for (let i = 0; i < this.constants.pairs; i++) {
    const x = segment * this.constants.stride + i * this.constants.step;
    if (2 * x < rows) {
      const d = tile[line][4 * x + half];
      n0 += d <= b0 ? 1 : 0;
      n1 += d <= b1 ? 1 : 0;
      n2 += d <= b2 ? 1 : 0;
      n3 += d <= b3 ? 1 : 0;
    }
    if (2 * x + 1 < rows) {
      const e = tile[line][4 * x + half + 1];
      n0 += e <= b0 ? 1 : 0;
      n1 += e <= b1 ? 1 : 0;
      n2 += e <= b2 ? 1 : 0;
      n3 += e <= b3 ? 1 : 0;
    }
  }
  return [n0, n1, n2, n3];
}

/** @param tile as the `…Pair` kernels answer it @param highs, lows the bars, [query][bar] */
export function countPair(
  this: KernelThis<Segments>,
  tile: number[][],
  highs: number[][],
  lows: number[][],
  rows: number,
): [number, number, number, number] {
  const group = Math.floor(this.thread.x * this.constants.share);
  const segment = this.thread.x - this.constants.segments * group;
  const q = this.thread.y;
  const h0 = highs[q][4 * group];
  const h1 = highs[q][4 * group + 1];
  const h2 = highs[q][4 * group + 2];
  const h3 = highs[q][4 * group + 3];
  const l0 = lows[q][4 * group];
  const l1 = lows[q][4 * group + 1];
  const l2 = lows[q][4 * group + 2];
  const l3 = lows[q][4 * group + 3];
  let n0 = 0;
  let n1 = 0;
  let n2 = 0;
  let n3 = 0;
  for (let i = 0; i < this.constants.pairs; i++) {
    const x = segment * this.constants.stride + i * this.constants.step;
    if (2 * x < rows) {
      const h = tile[q][4 * x];
      const l = tile[q][4 * x + 1];
      n0 += h < h0 || (h === h0 && l <= l0) ? 1 : 0;
      n1 += h < h1 || (h === h1 && l <= l1) ? 1 : 0;
      n2 += h < h2 || (h === h2 && l <= l2) ? 1 : 0;
      n3 += h < h3 || (h === h3 && l <= l3) ? 1 : 0;
    }
    if (2 * x + 1 < rows) {
      const g = tile[q][4 * x + 2];
      const m = tile[q][4 * x + 3];
      n0 += g < h0 || (g === h0 && m <= l0) ? 1 : 0;
      n1 += g < h1 || (g === h1 && m <= l1) ? 1 : 0;
      n2 += g < h2 || (g === h2 && m <= l2) ? 1 : 0;
      n3 += g < h3 || (g === h3 && m <= l3) ? 1 : 0;
    }
  }
  return [n0, n1, n2, n3];
}

/** Adds up the segments. Thread (4 · group + bar, query). @param counts as the kernels above answer them */
export function sumSegments(this: KernelThis<{ readonly segments: number }>, counts: number[][]): number {
  const group = Math.floor(this.thread.x * 0.25);
  const bar = this.thread.x - 4 * group;
  let sum = 0;
  for (let segment = 0; segment < this.constants.segments; segment++) {
    sum += counts[this.thread.y][4 * (segment + this.constants.segments * group) + bar];
  }
  return sum;
}
