import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workbench } from '../../testing/command.js';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

async function names(): Promise<string[]> {
  const { stdout } = await bench.run('datasets list --json');
  return JSON.parse(stdout).map(({ id }: { id: string }) => id);
}

describe('levy datasets', () => {
  it('lists the built-in digits', async () => {
    expect(await names()).toEqual(['digits']);
    expect((await bench.run('datasets list')).stdout).toMatch(/digits +1200 +597 +8×8 +bytes \/ 16/);
  });

  it('draws a Gaussian, lists it and removes it', async () => {
    const line =
      'datasets synthetic gaussian --name g-4 --dimension 4 --samples 100 --variances 1,2,3,4 --seed 7 --json';
    const made = await bench.run(line);
    expect(made.exitCode).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({
      id: 'g-4',
      splits: { train: { rows: 100 }, test: { rows: 1000 } },
      distribution: { variances: [1, 2, 3, 4], seed: 7 },
    });
    expect((await bench.run(line)).stderr).toContain('was there already');
    expect(await names()).toEqual(['digits', 'g-4']);
    expect((await bench.run('datasets remove g-4')).exitCode).toBe(0);
    expect(await names()).toEqual(['digits']);
    expect(await bench.run('datasets remove g-4')).toMatchObject({ exitCode: 2 });
  });

  it('imports a CSV file with labels, a declared range and test rows', async () => {
    const file = join(bench.folder, 'points.csv');
    const rows = Array.from({ length: 20 }, (_, index) => `${index / 20},${1 - index / 20},${index % 2}`);
    await writeFile(file, `x,y,label\n${rows.join('\n')}\n`);
    const line = `datasets import points --from ${file} --labels label --test-last 5 --range 0,1 --json`;
    const { exitCode, stdout } = await bench.run(line);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      columns: 2,
      valueRange: { low: 0, high: 1 },
      splits: { train: { rows: 15 }, test: { rows: 5 } },
      labels: { classes: 2 },
    });
  });

  it.each([
    ['datasets import points --from /nonexistent.csv --test-last 5', '/nonexistent.csv'],
    ['datasets import Points --from x.csv --test-last 5', 'Points'],
    ['datasets import points --from x.csv --test-last five', '--test-last'],
    ['datasets import points --from x.csv --test-last 1 --range 1', '--range'],
    ['datasets import points', '--from'],
    ['datasets fetch nothing', 'nothing'],
    ['datasets synthetic gaussian --name g --dimension 0 --samples 5 --seed 1', 'dimension'],
    ['datasets synthetic gaussian --name g --dimension 2 --samples 5 --seed x', '--seed'],
    ['datasets remove digits', 'built in'],
  ])('refuses "%s"', async (line, said) => {
    const { exitCode, stderr } = await bench.run(line);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
    expect(await names()).toEqual(['digits']);
  });
});
