import type { DeviceMatrix, Part } from './device-matrix.js';

export interface Rows {
  readonly start: number;
  readonly end: number;
}

/** What a device keeps of some rows before the host has read it. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Rows cut where parts of the matrix begin, and so that what a row takes stays within bounds.
 * `from` and `to` count within the part, `at` from the first row asked for.
 */
export function* overParts(
  points: DeviceMatrix,
  { start, end }: Rows,
  rowBytes: number,
): Generator<{ readonly part: Part; readonly from: number; readonly to: number; readonly at: number }> {
  const most = Math.max(1, Math.floor(MOST_BYTES / rowBytes));
  for (let row = start; row < end; ) {
    const part = points.partOf(row);
    const from = row - part.first;
    const to = Math.min(part.rows, from + most, end - part.first);
    yield { part, from, to, at: row - start };
    row = part.first + to;
  }
}
