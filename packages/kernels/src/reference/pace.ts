import { setImmediate } from 'node:timers/promises';
import type { PassOptions } from '../engine.js';

const SLICE_MS = 15;

/**
 * Keeps a long loop polite: counts its elementary steps, and every few milliseconds reports them, lets the
 * event loop turn and throws the signal's reason if it was aborted.
 */
export class Pace {
  private done = 0;
  private sliceEnds = performance.now() + SLICE_MS;

  constructor(
    private readonly total: number,
    private readonly options: PassOptions,
  ) {
    options.signal?.throwIfAborted();
  }

  /** Call after every row. */
  async add(steps: number): Promise<void> {
    this.done += steps;
    if (performance.now() >= this.sliceEnds || this.done === this.total) {
      this.options.onProgress?.(this.done, this.total);
      await setImmediate();
      this.options.signal?.throwIfAborted();
      this.sliceEnds = performance.now() + SLICE_MS;
    }
  }
}
