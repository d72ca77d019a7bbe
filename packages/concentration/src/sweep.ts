import type { JobSpec } from '@levy/contracts';
import type { MeasurementError } from './measurement.js';

/**
 * What jobs that are measured one after the other in this process know of each other, so that a pass that several of
 * them need is made once, by the first, which keeps for the rest what it finds. They must share their artifacts.
 */
export class Sweep {
  private readonly waiting: Set<JobSpec>;
  /** Steps that cannot be had, by key: computed for one job, told to the one that needs them. */
  readonly failures = new Map<string, MeasurementError>();

  constructor(jobs: Iterable<JobSpec>) {
    this.waiting = new Set(jobs);
  }

  /** The jobs that no measurement was begun of. */
  get left(): Iterable<JobSpec> {
    return this.waiting;
  }

  begin(job: JobSpec): void {
    this.waiting.delete(job);
  }
}
