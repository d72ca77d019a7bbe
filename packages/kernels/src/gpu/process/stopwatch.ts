import type { Seconds } from '../protocol.js';
import type { KernelRunner } from './runner.js';

/** Where the seconds of some work went. A stage ends when the device is through with it. */
export class Stopwatch {
  private readonly spent: { -readonly [Stage in keyof Seconds]: number } = {
    kernels: 0,
    transfer: 0,
    selection: 0,
  };

  constructor(private readonly runner: KernelRunner) {}

  get seconds(): Seconds {
    return { ...this.spent };
  }

  async time<R>(stage: keyof Seconds, run: () => Promise<R>): Promise<R> {
    const started = performance.now();
    try {
      const result = await run();
      await this.runner.settled();
      return result;
    } finally {
      this.spent[stage] += (performance.now() - started) / 1000;
    }
  }
}
