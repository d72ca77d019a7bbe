import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 20;

/** Lets the event loop turn every few milliseconds of a long loop, and throws the signal's reason if it was aborted. */
export class Pause {
  private next = performance.now() + SLICE_MS;

  constructor(private readonly signal: AbortSignal | undefined) {}

  /** To be awaited where it is given: while it is not due, nothing is to be waited for. */
  due(): Promise<void> | undefined {
    return performance.now() < this.next ? undefined : this.take();
  }

  private async take(): Promise<void> {
    await setImmediate();
    this.signal?.throwIfAborted();
    this.next = performance.now() + SLICE_MS;
  }
}
