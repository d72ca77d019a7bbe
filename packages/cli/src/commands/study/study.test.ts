import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gaussianConcentration } from '@levy/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../testing/command.js';
import { parseCsv } from '../../testing/csv.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
  const made = await bench.run(
    'datasets synthetic gaussian --name known --dimension 8 --samples 8000 --test-samples 8000 --seed 3',
  );
  expect(made.exitCode).toBe(0);
});
afterAll(() => bench[Symbol.asyncDispose]());

const SETTING = '--dataset known --metric l2 --epsilon 1 --alpha 0.05';
const DISTRIBUTION = { kind: 'gaussian', variances: Array.from({ length: 8 }, () => 1), seed: 3 } as const;

interface Point {
  readonly method: string;
  readonly samples: number;
  readonly T?: number;
  readonly test: { readonly risk: Moments; readonly advRisk: Moments };
  readonly exact: { readonly concentration: number; readonly atOwnRisk: number; readonly excess: number };
  readonly convergence?: object;
}
interface Moments {
  readonly mean: number;
  readonly std: number;
}

async function points(flags: string): Promise<Point[]> {
  const { exitCode, stdout, stderr } = await bench.run(`study convergence ${flags} --json`);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout).points;
}

describe('levy study convergence', () => {
  it('measures every method at every size and T, over the seeds', async () => {
    const found = await points(`${SETTING} --method axis,balls --samples 60,120 --T 2,8 --seeds 2 --seed 7`);
    expect(found.map(({ method, samples, T }) => [method, samples, T])).toEqual([
      ['axis', 60, undefined],
      ['axis', 120, undefined],
      ['balls', 60, 2],
      ['balls', 60, 8],
      ['balls', 120, 2],
      ['balls', 120, 8],
    ]);
    expect(found[2]?.convergence).toEqual({ samples: 60, atLeastT2: true, atLeastT4: true });
    expect(found[3]?.convergence).toEqual({ samples: 60, atLeastT2: false, atLeastT4: false });
    const lone = await Promise.all(
      [7, 8].map(async (seed) => {
        const flags = `${SETTING} --method balls --samples 120 --T 2 --seed ${seed}`;
        return JSON.parse((await bench.run(`measure ${flags} --json`)).stdout).best.test;
      }),
    );
    const [a, b] = lone;
    const { test, exact } = found[4] ?? {};
    expect(test?.advRisk.mean).toBeCloseTo((a.advRisk + b.advRisk) / 2, 12);
    expect(test?.advRisk.std).toBeCloseTo(Math.abs(a.advRisk - b.advRisk) / 2, 12);
    expect(test?.risk.mean).toBeCloseTo((a.risk + b.risk) / 2, 12);
    const h = (risk: number) => gaussianConcentration(DISTRIBUTION, 'l2', risk, 1);
    expect(exact?.concentration).toBeCloseTo(h(0.05), 12);
    expect(exact?.atOwnRisk).toBeCloseTo((h(a.risk) + h(b.risk)) / 2, 12);
    expect(exact?.excess).toBeCloseTo((a.advRisk - h(a.risk) + b.advRisk - h(b.risk)) / 2, 12);
  });

  it('shows half-spaces approaching the exact value, and balls staying above it', async () => {
    const found = await points(`${SETTING} --method hyperplane,axis --samples 40,5000 --seeds 5`);
    for (const method of ['hyperplane', 'axis']) {
      const [few, many] = found.filter((point) => point.method === method);
      const off = ({ test, exact }: Point) => Math.abs(test.advRisk.mean - exact.concentration);
      if (few === undefined || many === undefined) throw new Error(`no ${method}`);
      expect(off(many)).toBeLessThan(off(few));
      // Three standard errors of 8000 test rows are 1.5 points here.
      expect(off(many)).toBeLessThan(0.015);
      expect(many.test.advRisk.std).toBeLessThan(few.test.advRisk.std);
    }
    for (const { exact } of await points(`${SETTING} --method balls --samples 500,2000 --T 2,5 --seeds 2`)) {
      expect(exact.excess).toBeGreaterThan(0);
    }
    const linf = SETTING.replace('l2', 'linf');
    for (const { exact } of await points(`${linf} --samples 500,2000 --T 2,5 --seeds 2 --restarts 2`)) {
      expect(exact.excess).toBeGreaterThan(0);
    }
  });

  it('gives a field to the methods that use it', async () => {
    const found = await points(
      '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --method rectangles,axis --samples 200 --T 2 --restarts 2 --seeds 1',
    );
    expect(found.map(({ method, T }) => [method, T])).toEqual([
      ['rectangles', 2],
      ['axis', undefined],
    ]);
    expect(found[0]?.exact).toBeUndefined();
  });

  it('tells a person, and writes RFC 4180 with the same figures', async () => {
    const file = join(bench.folder, 'study.csv');
    const flags = `${SETTING} --method axis,balls --samples 60,120 --T 2 --seeds 2 --csv ${file}`;
    const { exitCode, stdout } = await bench.run(`study convergence ${flags}`);
    expect(exitCode).toBe(0);
    const words = [
      'Convergence on known',
      'm ≥ T⁴',
      'h(α)',
      'excess',
      'upper bound on the concentration function',
    ];
    for (const each of [...words, 'digest ', 'engine wasm', 'seeds 0…1']) expect(stdout).toContain(each);
    expect(stdout).not.toMatch(/lower bound/);
    const found = await points(flags);
    const lines = parseCsv(await readFile(file, 'utf8'));
    expect(lines).toHaveLength(4);
    for (const [index, { method, samples, test, exact }] of found.entries()) {
      const line = lines[index];
      expect([line?.['method'], Number(line?.['samples'])]).toEqual([method, samples]);
      expect(Number(line?.['test.advRisk.std'])).toBe(test.advRisk.std);
      expect(Number(line?.['exact.excess'])).toBe(exact.excess);
    }
  });

  it.each([
    [`${SETTING}`, '--samples', 'is required'],
    [`${SETTING} --samples 100 --method axis --T 5`, '--T', 'axis does not use T'],
    [`${SETTING} --samples 100`, '--T', 'balls needs T'],
    [`${SETTING} --samples 100,7000 --method axis`, '--samples', 'only 6400 rows are fitted on'],
    [`${SETTING} --samples 100,x --method axis`, '--samples', '"x"'],
    [`${SETTING} --samples 100 --method axis --seeds 0`, '--seeds', 'from 1 to 100'],
    [`${SETTING} --samples 100 --method axis --seed x`, '--seed', '"x"'],
    [`${SETTING} --samples 100 --method axis --csv /nonexistent/a`, '--csv', '/nonexistent/a'],
    [`${SETTING.replace('0.05', '0.05,0.1')} --samples 100 --method axis`, '--alpha', '0.05,0.1'],
    [`${SETTING.replace('known', 'none')} --samples 100 --method axis`, '--dataset', 'no data set "none"'],
  ])('refuses "%s"', async (flags, flag, said) => {
    const { exitCode, stdout, stderr } = await bench.run(`study convergence ${flags}`);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(flag);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });
});
