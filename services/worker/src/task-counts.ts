export type TaskEnd = 'succeeded' | 'failed' | 'aborted';

/** How many tasks this worker has run, and since when it has none. */
export class TaskCounts {
  readonly ended: Record<TaskEnd, number> = { succeeded: 0, failed: 0, aborted: 0 };
  #running = 0;
  #idleSince = performance.now();

  get running(): number {
    return this.#running;
  }

  /** Seconds without a task; 0 while there is one. */
  get idleSeconds(): number {
    return this.#running > 0 ? 0 : (performance.now() - this.#idleSince) / 1000;
  }

  /** Counts a task in; the answer counts it out. */
  started(): (end: TaskEnd) => void {
    this.#running += 1;
    return (end) => {
      this.#running -= 1;
      this.ended[end] += 1;
      this.#idleSince = performance.now();
    };
  }
}
