import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checker, type Result, ResultSchema } from '@levy/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interrupt, Workbench } from '../../testing/command.js';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

const JOB = 'measure --dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 3 --restarts 2';

describe('levy measure', () => {
  it('--json prints the whole estimate and nothing else', async () => {
    const { exitCode, stdout } = await bench.run(`${JOB} --json`);
    expect(exitCode).toBe(0);
    expect(checker(ResultSchema).faults(JSON.parse(stdout))).toEqual([]);
  });

  it('tells a person the shares, the bound, the scan, and that it is an upper bound', async () => {
    const { exitCode, stdout } = await bench.run(JOB);
    expect(exitCode).toBe(0);
    for (const words of [
      'train',
      'validation',
      'test',
      'upper bound on the concentration function',
      'Scan',
      'reused',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).not.toContain('\u001b[');
    expect(stdout).not.toMatch(/lower bound/);
  });

  it('of all methods names the winner and shows them beside each other', async () => {
    const job = 'measure --dataset digits --metric l2 --method all --epsilon 1/2 --alpha 0.05 --T 3';
    const { exitCode, stdout } = await bench.run(job);
    expect(exitCode).toBe(0);
    const result = JSON.parse((await bench.run(`${job} --json`)).stdout);
    expect(checker(ResultSchema).faults(result)).toEqual([]);
    expect(stdout).toContain(`α 0.05 · all: ${result.T ? `${result.method} T 3` : result.method} ·`);
    const lines = stdout.split('\n');
    for (const { method, test } of result.candidates) {
      const line = lines.find((each) => each.startsWith(method)) ?? '';
      expect(line).toContain(`${(100 * test.advRisk).toFixed(2)} %`);
      expect(line.includes('chosen')).toBe(method === result.method);
    }
    expect(result.candidates.map(({ method }: { method: string }) => method)).toEqual([
      'balls',
      'hyperplane',
      'halfspace',
      'axis',
    ]);
  });

  it('says which direction a half-space lies across', async () => {
    const line = 'measure --dataset digits --epsilon 1/8 --alpha 0.05 --method halfspace';
    const linf = await bench.run(`${line} --metric linf`);
    expect(linf.exitCode).toBe(0);
    expect(linf.stdout).toMatch(/across principal component \d+, entries to the power [\d.]+ ·/);
    const l2 = await bench.run(`${line} --metric l2`);
    expect(l2.stdout).toMatch(/across principal component \d+ ·/);
  });

  it('gives the same numbers whatever it finds kept, and names what it reused', async () => {
    const first = JSON.parse((await bench.run(`${JOB} --json`)).stdout);
    const second = JSON.parse((await bench.run(`${JOB} --json`)).stdout);
    expect(first.provenance.reused).toEqual([]);
    expect(second.provenance.reused.length).toBeGreaterThan(0);
    const { provenance: _p, timings: _t, ...numbers } = second;
    expect(first).toMatchObject(numbers);
  });

  it('comma lists are a sweep with a table; with --json, an array in order', async () => {
    const line = JOB.replace('1/8', '1/16,1/8').replace('--T 3', '--T 2,3');
    const table = await bench.run(line);
    expect(table.exitCode).toBe(0);
    expect(table.stdout.trim().split('\n')).toHaveLength(2 + 4);
    const points = JSON.parse((await bench.run(`${line} --json`)).stdout);
    const order = points.map(({ spec }: { spec: { epsilonExact: string; T: number } }) => [
      spec.epsilonExact,
      spec.T,
    ]);
    expect(order).toEqual([
      ['1/16', 2],
      ['1/16', 3],
      ['1/8', 2],
      ['1/8', 3],
    ]);
  });

  it('places the balls of every ε and T in one pass, and says which job made it', async () => {
    const line = 'measure --dataset digits --metric l2 --epsilon 0.3,0.5 --alpha 0.05 --T 2,4';
    const points = JSON.parse((await bench.run(`${line} --json`)).stdout);
    const made = points.map(({ estimate }: { estimate: Result }) => [
      'balls' in estimate.timings,
      estimate.provenance.reused.some(({ step }) => step === 'balls'),
    ]);
    expect(made).toEqual([
      [true, false],
      [false, true],
      [false, true],
      [false, true],
    ]);
  });

  it('refuses with every fault, by flag', async () => {
    const { exitCode, stdout, stderr } = await bench.run(
      'measure --dataset digits --metric linf --epsilon 8 --alpha 0 --T 1.5 --seed -1 --q-tolerance 9',
    );
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    for (const flag of ['--epsilon', '--alpha', '--T', '--seed', '--q-tolerance', 'did you mean 8/16?']) {
      expect(stderr).toContain(flag);
    }
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    ['', '--dataset'],
    ['--dataset none --metric linf --epsilon 0.1 --alpha 0.1 --T 2', 'there is no data set "none"'],
    ['--dataset ../../etc/passwd --metric linf --epsilon 0.1 --alpha 0.1 --T 2', '--dataset'],
    ['--dataset digits --metric linf --epsilon 1/8,1/4 --alpha 0.1 --T 2 --region r.npz', '--region'],
    ['--dataset digits --metric linf --epsilon 1/8 --alpha 0.1 --T 2 --engine gpu,wasm', '--engine'],
    ['--speed high', "unknown option '--speed'"],
  ])('refuses "%s"', async (flags, said) => {
    const { exitCode, stderr } = await bench.run(`measure ${flags}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(said);
  });

  it('stops when it is interrupted', async () => {
    const abort = new AbortController();
    const running = bench.run(`${JOB.replace('--restarts 2', '--restarts 1000')} --T 20 --iterations 1000`, {
      abort,
    });
    setTimeout(() => interrupt(abort), 300);
    expect(await running).toMatchObject({ exitCode: 130, stdout: '' });
  });

  it('names the limit where --timeout-seconds is over', async () => {
    const line = `${JOB.replace('--restarts 2', '--restarts 1000')} --T 20 --iterations 1000 --timeout-seconds 1`;
    const { exitCode, stderr } = await bench.run(line);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('--timeout-seconds');
  });
});

describe('label uncertainty', () => {
  const MEASURE = 'measure --dataset doubt --metric l2 --epsilon 0.05 --alpha 0.1';

  /** Two clusters on a grid; the rows of the second are of its class with 0.65 only. */
  async function importDoubt(): Promise<void> {
    const rows = Array.from({ length: 120 }, (_, i) => ({
      x: [(i % 2) * 0.8 + (i % 10) / 60, (i % 3) / 20],
      label: i % 2,
      soft: i % 2 === 0 ? [1, 0] : [0.35, 0.65],
    }));
    const data = join(bench.folder, 'doubt.csv');
    const soft = join(bench.folder, 'soft.csv');
    await writeFile(data, `${rows.map(({ x, label }) => [...x, label].join(',')).join('\n')}\n`);
    await writeFile(soft, `${rows.map((row) => row.soft.join(',')).join('\n')}\n`);
    const line = `datasets import doubt --from ${data} --labels 2 --soft-labels ${soft} --test-last 40`;
    const { exitCode, stdout } = await bench.run(line);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/soft labels\n[\s\S]*2 classes/);
  }

  it('is demanded of balls, told, and named where it cannot be had', async () => {
    await importDoubt();
    const { exitCode, stdout } = await bench.run(`${MEASURE} --T 3 --gamma 0.5 --json`);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout);
    expect(checker(ResultSchema).faults(result)).toEqual([]);
    expect(result.gamma).toBe(0.5);
    for (const split of ['train', 'validation', 'test']) {
      expect(result.best[split].labelUncertainty).toBeCloseTo(0.7, 12);
    }
    const region = join(bench.folder, 'doubt.npz');
    const text = await bench.run(`${MEASURE} --T 3 --gamma 0.5 --region ${region}`);
    expect(text.stdout).toContain('balls T 3 γ 0.5');
    expect(text.stdout).toMatch(/label uncertainty/);
    expect(text.stdout).toMatch(/test .* 0\.7000\n/);
    expect((await bench.run(`verify ${region} --dataset doubt`)).stdout).toContain('every count agrees');
    const sweep = await bench.run(`${MEASURE} --T 3 --gamma 0,0.7`);
    expect(sweep.stdout).toMatch(/balls T 3 γ 0 [\s\S]*balls T 3 γ 0\.7/);
    const beyond = await bench.run(`${MEASURE} --T 1 --gamma 0.71`);
    expect(beyond.exitCode).toBe(2);
    expect(beyond.stderr).toContain('gamma = 0.71 cannot be had with T = 1');
    expect(beyond.stderr).toContain('newly cover there is 0.7;');
  });

  it('is refused where it has no meaning', async () => {
    await importDoubt();
    for (const [line, said] of [
      ['measure --dataset digits --metric l2 --epsilon 0.5 --alpha 0.1 --T 3 --gamma 0.5', 'no soft labels'],
      [`${MEASURE} --method axis --gamma 0.5`, 'axis does not use gamma'],
      [`${MEASURE} --T 3 --gamma 2.5`, '--gamma'],
    ] as const) {
      const { exitCode, stderr } = await bench.run(line);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(said);
    }
  });
});

describe('levy verify', () => {
  it('confirms a region, and catches every kind of damage', async () => {
    const region = join(bench.folder, 'region.npz');
    expect((await bench.run(`${JOB} --region ${region}`)).exitCode).toBe(0);
    const verified = await bench.run(`verify ${region} --dataset digits`);
    expect(verified).toMatchObject({ exitCode: 0 });
    expect(verified.stdout).toContain('every count agrees');
    const json = JSON.parse((await bench.run(`verify ${region} --dataset digits --json`)).stdout);
    expect(json.agrees).toBe(true);

    const bytes = await readFile(region);
    for (const at of [0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2), bytes.length - 10]) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(region, changed);
      const { exitCode, stderr } = await bench.run(`verify ${region} --dataset digits`);
      expect(exitCode, `byte ${at}`).toBe(1);
      expect(stderr).not.toContain('    at ');
    }
  });

  it('refuses a file that is not there and a data set that is none', async () => {
    expect((await bench.run('verify none.npz --dataset digits')).exitCode).toBe(2);
    expect((await bench.run('verify none.npz --dataset none')).exitCode).toBe(2);
    expect((await bench.run('verify none.npz')).exitCode).toBe(2);
  });
});
