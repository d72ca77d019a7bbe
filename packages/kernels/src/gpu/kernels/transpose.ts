import type { KernelThis } from './kernel-this.js';

/** @param rows row-major, as it comes from the host. Thread (row, column) writes the number at [column][row]. */
export function transpose(this: KernelThis<object>, rows: number[][]): number {
  return rows[this.thread.x][this.thread.y];
}
