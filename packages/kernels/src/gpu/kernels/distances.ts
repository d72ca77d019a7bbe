import type { KernelThis } from './kernel-this.js';

/**
 * Distances between rows of `queries` from `first` on and rows of `points`, a few a thread, so that what is loaded
 * serves several. Sums are taken chunk by chunk: at most 16 + d/16 roundings on floats, none on bytes.
 *
 * Single: one number a distance. Thread (x, y) answers rows 2y, 2y + 1 of the tile against points 2x, 2x + 1, in the
 * order (0,0), (0,1), (1,0), (1,1).
 */

interface Chunks {
  readonly chunks: number;
}

export function l1Single(
  this: KernelThis<Chunks>,
  queries: number[][],
  points: number[][],
  first: number,
): [number, number, number, number] {
  const q0 = first + 2 * this.thread.y;
  const q1 = q0 + 1;
  const p0 = 2 * this.thread.x;
  const p1 = p0 + 1;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let t00 = 0;
    let t01 = 0;
    let t10 = 0;
    let t11 = 0;
    for (let j = 0; j < 16; j++) {
      const a0 = queries[16 * c + j][q0];
      const a1 = queries[16 * c + j][q1];
      const b0 = points[16 * c + j][p0];
      const b1 = points[16 * c + j][p1];
      t00 += Math.abs(a0 - b0);
      t01 += Math.abs(a0 - b1);
      t10 += Math.abs(a1 - b0);
      t11 += Math.abs(a1 - b1);
    }
    s00 += t00;
    s01 += t01;
    s10 += t10;
    s11 += t11;
  }
  return [s00, s01, s10, s11];
}

/** Squared ℓ2. */
export function squaredSingle(
  this: KernelThis<Chunks>,
  queries: number[][],
  points: number[][],
  first: number,
): [number, number, number, number] {
  const q0 = first + 2 * this.thread.y;
  const q1 = q0 + 1;
  const p0 = 2 * this.thread.x;
  const p1 = p0 + 1;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let t00 = 0;
    let t01 = 0;
    let t10 = 0;
    let t11 = 0;
    for (let j = 0; j < 16; j++) {
      const a0 = queries[16 * c + j][q0];
      const a1 = queries[16 * c + j][q1];
      const b0 = points[16 * c + j][p0];
      const b1 = points[16 * c + j][p1];
      const d00 = a0 - b0;
      const d01 = a0 - b1;
      const d10 = a1 - b0;
      const d11 = a1 - b1;
      t00 += d00 * d00;
      t01 += d01 * d01;
      t10 += d10 * d10;
      t11 += d11 * d11;
    }
    s00 += t00;
    s01 += t01;
    s10 += t10;
    s11 += t11;
  }
  return [s00, s01, s10, s11];
}

export function linfSingle(
  this: KernelThis<Chunks>,
  queries: number[][],
  points: number[][],
  first: number,
): [number, number, number, number] {
  const q0 = first + 2 * this.thread.y;
  const q1 = q0 + 1;
  const p0 = 2 * this.thread.x;
  const p1 = p0 + 1;
  let m00 = 0;
  let m01 = 0;
  let m10 = 0;
  let m11 = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    for (let j = 0; j < 16; j++) {
      const a0 = queries[16 * c + j][q0];
      const a1 = queries[16 * c + j][q1];
      const b0 = points[16 * c + j][p0];
      const b1 = points[16 * c + j][p1];
      m00 = Math.max(m00, Math.abs(a0 - b0));
      m01 = Math.max(m01, Math.abs(a0 - b1));
      m10 = Math.max(m10, Math.abs(a1 - b0));
      m11 = Math.max(m11, Math.abs(a1 - b1));
    }
  }
  return [m00, m01, m10, m11];
}

/**
 * Pairs: whole numbers beyond 2²⁴, as high·4096 + low with 0 ≤ low < 4096. Thread (x, y) answers row y of the tile
 * against points 2x and 2x + 1: high, low, high, low. A chunk's sum is under 16·255² and so exact.
 */
export function squaredPair(
  this: KernelThis<Chunks>,
  queries: number[][],
  points: number[][],
  first: number,
): [number, number, number, number] {
  const q = first + this.thread.y;
  const p0 = 2 * this.thread.x;
  const p1 = p0 + 1;
  let h0 = 0;
  let l0 = 0;
  let h1 = 0;
  let l1 = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let t0 = 0;
    let t1 = 0;
    for (let j = 0; j < 16; j++) {
      const a = queries[16 * c + j][q];
      const d0 = a - points[16 * c + j][p0];
      const d1 = a - points[16 * c + j][p1];
      t0 += d0 * d0;
      t1 += d1 * d1;
    }
    const c0 = Math.floor(t0 * 0.000244140625);
    const c1 = Math.floor(t1 * 0.000244140625);
    h0 += c0;
    l0 += t0 - c0 * 4096;
    h1 += c1;
    l1 += t1 - c1 * 4096;
  }
  const e0 = Math.floor(l0 * 0.000244140625);
  const e1 = Math.floor(l1 * 0.000244140625);
  return [h0 + e0, l0 - e0 * 4096, h1 + e1, l1 - e1 * 4096];
}

/** ℓ1 of so many columns that a sum may pass 2²⁴. */
export function l1Pair(
  this: KernelThis<Chunks>,
  queries: number[][],
  points: number[][],
  first: number,
): [number, number, number, number] {
  const q = first + this.thread.y;
  const p0 = 2 * this.thread.x;
  const p1 = p0 + 1;
  let h0 = 0;
  let l0 = 0;
  let h1 = 0;
  let l1 = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    for (let j = 0; j < 16; j++) {
      const a = queries[16 * c + j][q];
      l0 += Math.abs(a - points[16 * c + j][p0]);
      l1 += Math.abs(a - points[16 * c + j][p1]);
    }
    const c0 = Math.floor(l0 * 0.000244140625);
    const c1 = Math.floor(l1 * 0.000244140625);
    h0 += c0;
    l0 -= c0 * 4096;
    h1 += c1;
    l1 -= c1 * 4096;
  }
  return [h0, l0, h1, l1];
}
