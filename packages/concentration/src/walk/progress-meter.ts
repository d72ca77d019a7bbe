import type { PlannedStep } from '@levy/plan';
import type { MeasurementProgress } from '../measurement.js';

/**
 * Turns what steps report into one fraction of the whole plan, weighted by the plan's estimates. Steps that were not
 * planned (clusters, margins) run inside planned ones and do not move it.
 */
export class ProgressMeter {
  private readonly weights: ReadonlyMap<string, number>;
  private readonly finished = new Set<string>();
  private readonly running: { key: string; phase: string }[] = [];
  private readonly startedAt = performance.now();
  private reusedWeight = 0;
  private fraction = 0;

  constructor(
    steps: readonly PlannedStep[],
    private readonly tell: ((progress: MeasurementProgress) => void) | undefined,
  ) {
    const total = steps.reduce((sum, step) => sum + step.estimatedSeconds, 0);
    this.weights = new Map(steps.map((step) => [step.key, step.estimatedSeconds / total]));
  }

  begin(key: string, phase: string): void {
    if (!this.weights.has(key)) return;
    this.running.push({ key, phase });
    this.report(0, 1, 'step');
  }

  /** @param reused the artifact was already there: its weight says nothing about the pace. */
  end(key: string, { reused }: { readonly reused: boolean }): void {
    const weight = this.weights.get(key);
    if (weight === undefined || this.finished.has(key)) return;
    this.finished.add(key);
    if (reused) this.reusedWeight += weight;
    const index = this.running.findIndex((step) => step.key === key);
    if (index >= 0) this.running.splice(index, 1);
    this.report(0, 1, 'step');
  }

  report(done: number, total: number, unit: string): void {
    const current = this.running.at(-1);
    const within =
      current === undefined || total === 0
        ? 0
        : (this.weights.get(current.key) ?? 0) * Math.min(1, done / total);
    const before = [...this.finished].reduce((sum, key) => sum + (this.weights.get(key) ?? 0), 0);
    this.fraction = Math.max(this.fraction, Math.min(1, before + within));
    const eta = this.etaSeconds();
    this.tell?.({
      fraction: this.fraction,
      phase: current?.phase ?? 'finishing',
      done,
      total,
      unit,
      ...(eta === undefined ? {} : { etaSeconds: eta }),
    });
  }

  private etaSeconds(): number | undefined {
    const worked = this.fraction - this.reusedWeight;
    if (worked < 0.01) return undefined;
    const elapsed = (performance.now() - this.startedAt) / 1000;
    return (elapsed * (1 - this.fraction)) / worked;
  }
}
