import type { KernelThis } from './kernel-this.js';

/**
 * Exact sums of whole weights (under 2¹² in size) times bytes, as low + middle·2¹² + high·2²⁴ with low and middle in
 * 0 … 4095: sixteen products are under 2²⁴.
 */

/** Σ_columns weight · x. Thread (weight vector, row), rows from `first` on. @param weights [column][vector] */
export function projectWhole(
  this: KernelThis<{ readonly chunks: number }>,
  points: number[][],
  weights: number[][],
  first: number,
): [number, number, number] {
  const w = this.thread.x;
  const row = first + this.thread.y;
  let low = 0;
  let middle = 0;
  let high = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let chunk = 0;
    for (let j = 0; j < 16; j++) {
      chunk += weights[16 * c + j][w] * points[16 * c + j][row];
    }
    const carry = Math.floor(chunk * 0.000244140625);
    low += chunk - carry * 4096;
    const toMiddle = Math.floor(low * 0.000244140625);
    low -= toMiddle * 4096;
    middle += carry + toMiddle;
    const toHigh = Math.floor(middle * 0.000244140625);
    middle -= toHigh * 4096;
    high += toHigh;
  }
  return [low, middle, high];
}

/**
 * Σ_rows weight · x over the `chunks` times 16 rows of a segment. Thread (column, weight vector, segment).
 * @param weights [vector][row], zero beyond the last row; `rows` of them, a multiple of 16
 */
export function combineWhole(
  this: KernelThis<{ readonly chunks: number; readonly rows: number }>,
  points: number[][],
  weights: number[][],
): [number, number, number] {
  const column = this.thread.x;
  const w = this.thread.y;
  const start = 16 * this.constants.chunks * this.thread.z;
  let low = 0;
  let middle = 0;
  let high = 0;
  for (let c = 0; c < this.constants.chunks; c++) {
    let chunk = 0;
    if (start + 16 * c < this.constants.rows) {
      for (let j = 0; j < 16; j++) {
        chunk += weights[w][start + 16 * c + j] * points[column][start + 16 * c + j];
      }
    }
    const carry = Math.floor(chunk * 0.000244140625);
    low += chunk - carry * 4096;
    const toMiddle = Math.floor(low * 0.000244140625);
    low -= toMiddle * 4096;
    middle += carry + toMiddle;
    const toHigh = Math.floor(middle * 0.000244140625);
    middle -= toHigh * 4096;
    high += toHigh;
  }
  return [low, middle, high];
}
