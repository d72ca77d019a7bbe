import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checker, ResultSchema } from '@levy/contracts';
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
    ['--dataset digits --metric linf --epsilon 1/8 --alpha 0.1 --T 2 --engine gpu', 'no gpu engine'],
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
