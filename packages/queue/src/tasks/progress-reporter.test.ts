import type { JobProgress } from '@levy/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProgressReporter } from './progress-reporter.js';

const update = (fraction: number) => ({ fraction, phase: 'p', done: 1, total: 2, unit: 'rows' });

describe('ProgressReporter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('writes at most four times a second, and the last update in the end', async () => {
    const written: JobProgress[] = [];
    const reporter = new ProgressReporter(Date.now(), async (progress) => void written.push(progress));
    for (let index = 0; index <= 1000; index++) {
      reporter.report(update(index / 1000));
      await vi.advanceTimersByTimeAsync(2);
    }
    expect(written.length).toBeLessThanOrEqual(9);
    expect(written.length).toBeGreaterThanOrEqual(8);
    await vi.advanceTimersByTimeAsync(250);
    expect(written.at(-1)?.fraction).toBe(1);
    await reporter.stop();
  });

  test('reckons the time left from the pace, once there is one', async () => {
    const written: JobProgress[] = [];
    const reporter = new ProgressReporter(Date.now(), async (progress) => void written.push(progress));
    reporter.report(update(0.2));
    await vi.advanceTimersByTimeAsync(2000);
    reporter.report(update(0.25));
    await vi.advanceTimersByTimeAsync(250);
    expect(written[0]?.etaSeconds).toBeUndefined();
    expect(written.at(-1)?.etaSeconds).toBeCloseTo(6, 0);
    reporter.report({ ...update(0.3), etaSeconds: 42 });
    await vi.advanceTimersByTimeAsync(250);
    expect(written.at(-1)?.etaSeconds).toBe(42);
    await reporter.stop();
  });

  test('a slow write holds the next one back; after stop there is none', async () => {
    let [open, most, count] = [0, 0, 0];
    const reporter = new ProgressReporter(Date.now(), async () => {
      open += 1;
      count += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      open -= 1;
    });
    for (let index = 0; index < 40; index++) {
      reporter.report(update(index / 40));
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(most).toBe(1);
    const before = count;
    const stopped = reporter.stop();
    await vi.advanceTimersByTimeAsync(5000);
    await stopped;
    expect(count).toBe(before);
  });

  test('the fraction never falls and stays within 0 and 1, whatever is said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double()), async (fractions) => {
        const written: JobProgress[] = [];
        const reporter = new ProgressReporter(Date.now(), async (progress) => void written.push(progress));
        for (const fraction of fractions) {
          reporter.report(update(fraction));
          await vi.advanceTimersByTimeAsync(300);
        }
        await reporter.stop();
        const seen = written.map((progress) => progress.fraction);
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
        expect(seen.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
