import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TABLE_1, TABLE_3 } from '@levy/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { levy } from '../../levy.js';
import { Collector, interrupt, Workbench } from '../../testing/command.js';
import { parseCsv } from '../../testing/csv.js';
import { importTinyCifar, importTinyMnist } from '../../testing/tiny-benchmarks.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
  await importTinyMnist(bench);
  await importTinyCifar(bench);
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Interrupts as soon as the first measured line is told. */
class InterruptingCollector extends Collector {
  constructor(private readonly abort: AbortController) {
    super();
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: () => void): void {
    super._write(chunk, encoding, done);
    if (this.text.includes('protocol paper')) interrupt(this.abort);
  }
}

async function document(line: string) {
  const { exitCode, stdout, stderr } = await bench.run(`reproduce ${line} --json`);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** The estimate that `levy measure` gives. */
async function measured(flags: string) {
  const { exitCode, stdout, stderr } = await bench.run(`measure ${flags} --json`);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe('levy reproduce table1', () => {
  const LINE = 'table1 --dataset mnist --rows 0.1,0.3 --restarts 2';

  it('puts ours beside every published row, with differences in its standard deviations', async () => {
    const { rows, comparable, seeds, dataset, notes, engine, says } = await document(LINE);
    expect(rows.map(({ names }: { names: string[] }) => names)).toEqual([['0.1'], ['0.3']]);
    expect(comparable).toBe(false);
    expect(notes.join()).toContain(
      "the paper's mnist has 60000 + 10000 rows × 784, this one 300 + 100 rows × 36",
    );
    expect(notes.join()).toContain('2 restarts');
    expect(seeds).toEqual([0, 1]);
    expect(engine.engine).toBe('wasm');
    expect(says).toContain('upper bound on the concentration function');
    expect(dataset).toMatchObject({ id: 'mnist', train: 300, test: 100, columns: 36 });
    const [row] = rows;
    const published = TABLE_1[0];
    expect(row.published).toEqual({ q: 0.662, train: published?.train, test: published?.test });
    expect(row.measured.map(({ column }: { column: string }) => column)).toEqual([
      'paper',
      'searched',
      'defaults',
    ]);
    const [paper, searched, defaults] = row.measured;

    const atItsQ = await measured(
      '--dataset mnist --metric linf --epsilon 0.1 --alpha 0.01 --T 5 --q 0.662 --protocol paper --restarts 2',
    );
    expect(paper.test).toEqual(atItsQ.restarts.test);
    expect(paper.train).toEqual(atItsQ.restarts.train);
    expect(paper.q).toBe(0.662);
    expect(paper.difference.unit).toBe('deviations');
    const { risk, advRisk } = atItsQ.restarts.test;
    expect(paper.difference.test.risk).toBeCloseTo((100 * risk.mean - 1.23) / 0.12, 6);
    expect(paper.difference.test.advRisk).toBeCloseTo((100 * advRisk.mean - 3.64) / 0.3, 6);
    expect(paper.difference.train.advRisk).toBeCloseTo(
      (100 * atItsQ.restarts.train.advRisk.mean - 3.65) / 0.29,
      6,
    );

    const bisected = await measured(
      '--dataset mnist --metric linf --epsilon 0.1 --alpha 0.01 --T 5 --protocol paper --restarts 2',
    );
    expect(searched.test).toEqual(bisected.restarts.test);
    expect(searched.q).toBe(bisected.searchTrace.at(-1).q);
    expect(searched.spec.q).toBeUndefined();

    const own = await measured('--dataset mnist --metric linf --epsilon 0.1 --alpha 0.01 --T 5 --restarts 2');
    expect(defaults.spec).toMatchObject({ protocol: 'holdout', domain: 'box', epsilonExact: '1/10' });
    expect(defaults.test).toEqual({
      risk: { mean: own.best.test.risk },
      advRisk: { mean: own.best.test.advRisk },
      riskInterval: own.best.test.riskInterval,
      advRiskInterval: own.best.test.advRiskInterval,
    });
    expect(defaults.difference.unit).toBe('points');
    expect(defaults.difference.test.advRisk).toBeCloseTo(100 * own.best.test.advRisk - 3.64, 6);
  });

  it('tells a person all of it, and what it is', async () => {
    const { exitCode, stdout } = await bench.run(`reproduce ${LINE}`);
    expect(exitCode).toBe(0);
    for (const words of [
      'Table 1 on mnist',
      'arXiv 1905.12202',
      'not comparable',
      'linf · ε 0.3 · α 0.01 · rectangles T 10',
      '7.34 ± 0.38',
      'protocol paper',
      'paper, q searched',
      'defaults',
      'its scan',
      ' sd',
      'upper bound on the concentration function',
      'digest ',
      'engine wasm',
      'seeds 0…1',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).not.toMatch(/lower bound/);
    const widths = stdout.split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThan(160);
  });

  it('measures the columns asked for only', async () => {
    const { rows } = await document(`${LINE} --columns defaults --samples 120`);
    expect(rows[0].measured).toHaveLength(1);
    expect(rows[0].measured[0]).toMatchObject({ column: 'defaults', spec: { samples: 120 } });
  });

  it('uses the decimals of the authors under their protocol, the exact fraction by default, and says so', async () => {
    const line = 'table1 --dataset cifar-10 --rows 2/255 --columns paper,defaults --restarts 1';
    const [{ measured, note }] = (await document(line)).rows;
    expect(measured.map(({ spec }: { spec: { epsilonExact: string } }) => spec.epsilonExact)).toEqual([
      '7843/1000000',
      '2/255',
    ]);
    expect(note).toMatch(/0\.007843.*exactly 2\/255/);
    expect((await bench.run(`reproduce ${line}`)).stdout).toContain(note.split(',')[0]);
  }, 120_000);

  it('writes RFC 4180 with the same figures, and no other file', async () => {
    const folder = join(bench.folder, 'tables');
    await mkdir(folder);
    const { rows, dataset } = await document(`${LINE} --csv ${folder}`);
    expect(await readdir(folder)).toEqual(['table1-mnist.csv']);
    const lines = parseCsv(await readFile(join(folder, 'table1-mnist.csv'), 'utf8'));
    expect(lines.map(({ figures }) => figures)).toEqual([
      ...['published', 'paper', 'searched', 'defaults'],
      ...['published', 'paper', 'searched', 'defaults'],
    ]);
    for (const [index, { published, measured }] of rows.entries()) {
      const [its, ...ours] = lines.slice(4 * index, 4 * index + 4);
      expect(Number(its?.['test.advRisk.std'])).toBe(published.test.advRisk.std);
      expect(Number(its?.['q'])).toBe(published.q);
      for (const [place, line] of ours.entries()) {
        const { test, difference, estimate } = measured[place];
        expect(Number(line['test.advRisk.mean'])).toBe(test.advRisk.mean);
        expect(line['difference.unit']).toBe(difference.unit);
        expect(Number(line['difference.test.risk'])).toBe(difference.test.risk);
        expect(Number(line['scan.test.advRisk'])).toBe(estimate.scan.test.advRisk);
        expect(line['datasetDigest']).toBe(dataset.digest);
        expect(line['comparable']).toBe('false');
      }
    }
  });
});

describe('levy reproduce', () => {
  it('table2 stands beside published classifiers, with their sources', async () => {
    const { rows, models } = await document('table2 --dataset mnist --restarts 1');
    expect(
      rows.map(({ measured }: { measured: { column: string }[] }) => measured.map(({ column }) => column)),
    ).toEqual([
      ['paper', 'defaults'],
      ['paper', 'defaults'],
    ]);
    expect(rows[1].measured[0]).toMatchObject({
      spec: { method: 'balls', T: 20, slack: 0.25, epsilonExact: '3/2' },
    });
    expect(models).toHaveLength(5);
    const { stdout } = await bench.run('reproduce table2 --dataset mnist --rows l2');
    for (const words of ['Schott 2019', '≥ 20.00', '≤ 6.91', 'AutoAttack']) expect(stdout).toContain(words);
    expect(stdout).not.toContain('linf · ε 0.3');
  });

  it('table3 is deterministic: differences are points', async () => {
    const { rows } = await document('table3 --dataset mnist --columns paper');
    expect(rows).toHaveLength(6);
    for (const { names, published, measured: columns } of rows) {
      const [epsilon, method] = names;
      const [paper] = columns;
      const setting = method === 'balls' ? '--method balls --T 20 --slack 0.25' : '--method hyperplane';
      const { best } = await measured(
        `--dataset mnist --metric l2 --epsilon ${epsilon} --alpha 0.01 --protocol paper ${setting}`,
      );
      const row = TABLE_3.find((each) => String(each.epsilon) === epsilon && each.method === method);
      expect(published.test).toEqual(row?.test);
      expect(paper.estimate.best).toEqual(best);
      expect(paper.difference).toMatchObject({
        unit: 'points',
        test: { advRisk: expect.closeTo(100 * (best.test.advRisk - published.test.advRisk.mean), 6) },
      });
    }
  });

  it('figure1 has the trace by q and the best by T', async () => {
    const a = await document('figure1 --dataset cifar-10 --rows q80 --restarts 2');
    expect(a.rows[0].published).toEqual({
      q: 0.8,
      test: { risk: { mean: 0.0186 }, advRisk: { mean: 0.1029 } },
    });
    expect(a.rows[0].measured[0].spec).toMatchObject({
      q: 0.8,
      T: 30,
      epsilonExact: '3137/100000',
      protocol: 'paper',
    });
    expect(a.rows[0].measured[0].test).toEqual(a.rows[0].measured[0].estimate.restarts.test);
    const b = await document('figure1 --dataset mnist --rows T5 --columns paper --restarts 1 --engine wasm');
    const [{ published, measured: columns }] = b.rows;
    expect(published.test).toEqual({ advRisk: { mean: 0.0744 } });
    expect(columns[0].test.advRisk.mean).toBe(columns[0].estimate.best.test.advRisk);
    expect(columns[0].difference.test.risk).toBeUndefined();
  });

  it.each([
    ['reproduce', 'missing required argument'],
    ['reproduce table4 --dataset mnist', '"table4" is none of table1, table2, table3, figure1'],
    ['reproduce table1', '--dataset'],
    ['reproduce table1 --dataset digits', 'the paper has no figures on "digits"; choose mnist or cifar-10'],
    ['reproduce table1 --dataset mnist --rows 8/255', '"8/255" is none of 0.1, 0.2, 0.3, 0.4'],
    ['reproduce figure1 --dataset mnist --rows a', '"a" is none of b, T5'],
    ['reproduce table1 --dataset mnist --columns own', '"own" is none of paper, searched, defaults, all'],
    ['reproduce table3 --dataset mnist --columns searched', 'have no column searched'],
    ['reproduce table3 --dataset mnist --columns paper --restarts 2', '--restarts'],
    ['reproduce table1 --dataset mnist --csv /nonexistent/a.csv', '/nonexistent/a.csv cannot be written'],
    ['reproduce table1 --dataset mnist --engine cuda', '--engine'],
    ['reproduce table1 --dataset mnist --samples 290', 'only 240 rows are fitted on'],
  ])('refuses "%s"', async (line, said) => {
    const { exitCode, stdout, stderr } = await bench.run(line);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  it('names every fault at once', async () => {
    const { stderr } = await bench.run(
      'reproduce table1 --dataset mnist --rows 9 --columns x --samples 0 --seed -1 --restarts 1.5 --csv /nonexistent/',
    );
    for (const flag of ['--rows', '--columns', '--samples', '--seed', '--restarts', '--csv']) {
      expect(stderr.match(new RegExp(`${flag} `, 'g')), flag).toHaveLength(1);
    }
  });

  it('needs the data set', async () => {
    await using empty = await Workbench.open();
    const { exitCode, stderr } = await empty.run('reproduce table3 --dataset mnist --rows hyperplane');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('there is no data set "mnist"');
  });

  it('leaves a row that cannot be measured its place, with the reason, and goes on', async () => {
    await using constant = await Workbench.open();
    await importTinyMnist(constant, 7);
    const file = join(constant.folder, 'table3.csv');
    const line = `reproduce table3 --dataset mnist --rows 1.58 --columns paper --csv ${file}`;
    const { exitCode, stdout, stderr } = await constant.run(line);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('protocol paper: all rows are equal');
    expect(stderr).toContain('1/2 mnist ε 1.58 paper: all rows are equal');
    const [, failed, , balls] = parseCsv(await readFile(file, 'utf8'));
    expect(failed?.['error']).toContain('all rows are equal');
    expect(failed?.['test.advRisk.mean']).toBe('');
    expect(balls?.['test.advRisk.mean']).toBe('1');
  });

  it('tells the rows that were done when it is interrupted, and keeps their file', async () => {
    const abort = new AbortController();
    const { context } = bench.context({ abort });
    const stdout = new InterruptingCollector(abort);
    const file = join(bench.folder, 'interrupted.csv');
    const line = `reproduce table1 --dataset mnist --rows 0.1,0.2 --columns paper --restarts 2 --csv ${file}`;
    expect(await levy(line.split(' '), { ...context, stdout })).toBe(130);
    expect(stdout.text.match(/^protocol paper/gm)).toHaveLength(1);
    const lines = parseCsv(await readFile(file, 'utf8'));
    expect(lines.map(({ figures }) => figures)).toEqual(['published', 'paper']);
  });
});
