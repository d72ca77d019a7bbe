import type { KernelThis } from './kernel-this.js';

/**
 * The points of a tile at or below a bar, in their order. Thread (x, query) finds entry number first + x: first the
 * segment of `pairs` consecutive pairs that holds it, then its place there.
 */

interface Segments {
  readonly segments: number;
  readonly pairs: number;
}

/**
 * @param starts [query][segment]: how many entries come before each segment, and after them how many there are
 * @param bars [query][0]
 * @returns the point, or −1 beyond the last entry, and its distance
 */
export function gatherSingle(
  this: KernelThis<Segments>,
  tile: number[][],
  starts: number[][],
  bars: number[][],
  rows: number,
  first: number,
): [number, number] {
  const entry = first + this.thread.x;
  const q = this.thread.y;
  const line = Math.floor(q * 0.5);
  const half = 2 * (q - 2 * line);
  const bar = bars[q][0];
  let segment = 0;
  for (let s = 1; s < this.constants.segments; s++) {
    if (starts[q][s] <= entry) {
      segment = s;
    }
  }
  let seen = starts[q][segment] - 1;
  let point = -1;
  let distance = 0;
  if (entry < starts[q][this.constants.segments]) {
    for (let i = 0; i < this.constants.pairs; i++) {
      const x = segment * this.constants.pairs + i;
      if (2 * x < rows) {
        const d = tile[line][4 * x + half];
        if (d <= bar) {
          seen += 1;
          if (seen === entry) {
            point = 2 * x;
            distance = d;
          }
        }
      }
      if (2 * x + 1 < rows) {
        const e = tile[line][4 * x + half + 1];
        if (e <= bar) {
          seen += 1;
          if (seen === entry) {
            point = 2 * x + 1;
            distance = e;
          }
        }
      }
    }
  }
  return [point, distance];
}

/** @returns the point, or −1, and its distance as high and low */
export function gatherPair(
  this: KernelThis<Segments>,
  tile: number[][],
  starts: number[][],
  highs: number[][],
  lows: number[][],
  rows: number,
  first: number,
): [number, number, number] {
  const entry = first + this.thread.x;
  const q = this.thread.y;
  const high = highs[q][0];
  const low = lows[q][0];
  let segment = 0;
  for (let s = 1; s < this.constants.segments; s++) {
    if (starts[q][s] <= entry) {
      segment = s;
    }
  }
  let seen = starts[q][segment] - 1;
  let point = -1;
  let foundHigh = 0;
  let foundLow = 0;
  if (entry < starts[q][this.constants.segments]) {
    for (let i = 0; i < this.constants.pairs; i++) {
      const x = segment * this.constants.pairs + i;
      if (2 * x < rows) {
        const h = tile[q][4 * x];
        const l = tile[q][4 * x + 1];
        if (h < high || (h === high && l <= low)) {
          seen += 1;
          if (seen === entry) {
            point = 2 * x;
            foundHigh = h;
            foundLow = l;
          }
        }
      }
      if (2 * x + 1 < rows) {
        const g = tile[q][4 * x + 2];
        const m = tile[q][4 * x + 3];
        if (g < high || (g === high && m <= low)) {
          seen += 1;
          if (seen === entry) {
            point = 2 * x + 1;
            foundHigh = g;
            foundLow = m;
          }
        }
      }
    }
  }
  return [point, foundHigh, foundLow];
}
