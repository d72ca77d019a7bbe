import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../testing/command.js';

const TEST_DATA = process.env['LEVY_TEST_DATA'];
if (TEST_DATA === undefined) {
  console.warn('skipped: levy reproduce on MNIST needs LEVY_TEST_DATA=DIR');
}

describe.skipIf(TEST_DATA === undefined)('levy reproduce on MNIST', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.open({ LEVY_THREADS: '2' });
    const from = join(TEST_DATA ?? '', 'mnist');
    const { exitCode, stderr } = await bench.run(['datasets', 'import', 'mnist', '--from', from]);
    expect(exitCode, stderr).toBe(0);
  }, 120_000);
  afterAll(() => bench[Symbol.asyncDispose]());

  it('finds the hyperplanes of Table 3 to the last digit', async () => {
    const { exitCode, stdout } = await bench.run(
      'reproduce table3 --dataset mnist --rows hyperplane --columns paper --json',
    );
    expect(exitCode).toBe(0);
    const { comparable, rows } = JSON.parse(stdout);
    expect(comparable).toBe(true);
    expect(rows).toHaveLength(3);
    for (const { measured } of rows) {
      const { risk, advRisk } = measured[0].difference.test;
      expect([risk, advRisk]).toEqual([0, 0]);
    }
  }, 300_000);

  it('measures Table 1 on a sample, and says that it cannot be compared', async () => {
    const { exitCode, stdout } = await bench.run(
      'reproduce table1 --dataset mnist --rows 0.3 --samples 2000 --restarts 2 --json',
    );
    expect(exitCode).toBe(0);
    const { comparable, notes, rows } = JSON.parse(stdout);
    expect(comparable).toBe(false);
    expect(notes[0]).toContain('fitted on 2000 rows only');
    const [paper, searched, defaults] = rows[0].measured;
    // The 37.1 % of the rows that are not covered hold all of E_ε.
    expect(paper.train.advRisk.mean).toBeLessThanOrEqual(1 - 0.629);
    expect(searched.train.risk.mean).toBeGreaterThan(0.005);
    expect(defaults.estimate.best.validation.risk).toBeGreaterThanOrEqual(0.01);
    expect(defaults.test.advRisk.mean).toBeLessThan(searched.test.advRisk.mean);
  }, 120_000);
});
