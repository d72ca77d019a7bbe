import type { JobProgress } from '@levy/contracts';

/** What a handler says about how far it is. */
export interface ProgressUpdate {
  /** Of the whole job, 0…1. A smaller one than before is taken as the one before. */
  readonly fraction: number;
  /** Name of the step. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** Left out, it is reckoned from the fraction and the time that it took. */
  readonly etaSeconds?: number;
}

/** product: "progress at most four times a second". */
const INTERVAL_MS = 250;
/** Below this a pace says nothing yet. */
const LEAST_FRACTION = 0.01;
const LEAST_MS = 1000;

/** Turns updates, as many as there are, into a write every 250 ms at most; the last one is always written. */
export class ProgressReporter {
  readonly #write: (progress: JobProgress) => Promise<void>;
  readonly #startedAt: number;
  #fraction = 0;
  #latest: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #lastWrite = 0;
  #stopped = false;

  /** @param startedAt start of the attempt, ms. @param write must not reject. */
  constructor(startedAt: number, write: (progress: JobProgress) => Promise<void>) {
    this.#startedAt = startedAt;
    this.#write = write;
  }

  report(update: ProgressUpdate): void {
    if (this.#stopped) return;
    const now = Date.now();
    this.#fraction = Math.max(this.#fraction, Math.min(1, finite(update.fraction)));
    const eta = update.etaSeconds ?? this.#eta(now);
    this.#latest = {
      fraction: this.#fraction,
      phase: update.phase,
      done: Math.max(0, finite(update.done)),
      total: Math.max(0, finite(update.total)),
      unit: update.unit,
      ...(eta === undefined ? {} : { etaSeconds: Math.max(0, finite(eta)) }),
      updatedAt: new Date(now).toISOString(),
    };
    this.#schedule();
  }

  /** What a finished job shows: all of it done. Undefined if nothing was ever reported. */
  completed(): JobProgress | undefined {
    const last = this.#latest;
    if (last === undefined) return undefined;
    const { etaSeconds: _, ...rest } = last;
    return { ...rest, fraction: 1, updatedAt: new Date().toISOString() };
  }

  /** No further writes; resolves when the one under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    const wait = Math.max(0, this.#lastWrite + INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    this.#timer = undefined;
    const progress = this.#latest;
    if (progress === undefined || this.#stopped) return;
    this.#lastWrite = Date.now();
    this.#writing = this.#write(progress).then(() => {
      this.#writing = undefined;
      if (this.#latest !== progress && !this.#stopped) this.#schedule();
    });
  }

  #eta(now: number): number | undefined {
    const elapsed = now - this.#startedAt;
    if (this.#fraction < LEAST_FRACTION || elapsed < LEAST_MS) return undefined;
    return Math.round((elapsed * (1 - this.#fraction)) / this.#fraction / 100) / 10;
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
