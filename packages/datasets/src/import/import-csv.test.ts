import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeNpy } from '../npy/npy.js';
import { TempStore } from '../test-support/temp-store.js';
import { type ImportOptions, importDataset } from './import-dataset.js';

let temp: TempStore;
let empty: string[];
beforeEach(async () => {
  temp = await TempStore.create();
  empty = await temp.data.files();
});
afterEach(() => temp[Symbol.asyncDispose]());

type Rest = Omit<ImportOptions, 'name' | 'from'>;

async function importCsv(text: string, rest: Rest = { testLast: 1 }) {
  const from = [await temp.input.file('d.csv', text)];
  const { dataset } = await importDataset(temp.store, { name: 'd', from, ...rest });
  const { train, test: held } = await temp.store.load(dataset);
  const labels = await temp.store.loadLabels(dataset);
  return { dataset, train: Array.from(train.data), test: Array.from(held.data), labels };
}

async function expectRefused(work: Promise<unknown>, code: string, detail: RegExp): Promise<void> {
  await expect(work).rejects.toMatchObject({
    name: 'DatasetError',
    code,
    detail: expect.stringMatching(detail),
  });
  expect(await temp.data.files()).toEqual(empty);
}

describe('CSV files', () => {
  test.each([
    ['plain', '1,2\n3,4\n5,6\n'],
    ['without a last line end', '1,2\n3,4\n5,6'],
    ['with CRLF, quotes, spaces and a byte order mark', '\uFEFF"1",2\r\n 3 , 4\r\n+5,6e0\r\n\r\n'],
    ['with a header', 'a,b\n1,2\n3,4\n5,6\n'],
  ])('%s become float32 rows', async (_, text) => {
    expect(await importCsv(text)).toMatchObject({
      dataset: { dtype: 'f4', scale: 1, shape: [2], columns: 2 },
      train: [1, 2, 3, 4],
      test: [5, 6],
      labels: undefined,
    });
  });

  test.each([
    ['by name', 'x,class,y\n1,0,2\n3,7,4\n5,0,6\n', 'class'],
    ['by position', '1,0,2\n3,7,4\n5,0,6\n', '1'],
    ['by position from the end', '1,2,0\n3,4,7\n5,6,0\n', '-1'],
  ])('labels are taken from a column %s', async (_, text, labels) => {
    expect(await importCsv(text, { testLast: 1, labels })).toMatchObject({
      dataset: { columns: 2, labels: { classes: 8 } },
      train: [1, 2, 3, 4],
      test: [5, 6],
      labels: { train: Uint8Array.of(0, 7), test: Uint8Array.of(0) },
    });
  });

  test('named labels are numbered in their order', async () => {
    const text = 'virginica,1\nsetosa,2\nvirginica,3\nsetosa,4\n';
    expect(await importCsv(text, { testLast: 1, labels: '0' })).toMatchObject({
      dataset: { labels: { classes: 2 } },
      labels: { train: Uint8Array.of(1, 0, 1), test: Uint8Array.of(0) },
    });
  });

  test('the value range is the declared one', async () => {
    expect((await importCsv('0,1\n1,0\n0.5,0\n', { testLast: 1, range: [0, 1] })).dataset.valueRange).toEqual(
      {
        low: 0,
        high: 1,
      },
    );
  });

  test.each([
    ['a word', '1,2\n3,four\n5,6\n', 'not-a-number', /"four" at row 1, column 1/],
    ['an empty cell', '1,2\n3,\n5,6\n', 'not-a-number', /"" at row 1, column 1/],
    ['a hexadecimal number', '1,2\n3,0x10\n5,6\n', 'not-a-number', /0x10/],
    ['NaN', 'nan,2\n3,4\n5,6\n', 'not-finite', /"nan" at row 0, column 0/],
    ['infinity', '1,2\n3,-Inf\n5,6\n', 'not-finite', /-Inf/],
    ['what float32 cannot hold', '1,2\n3,1e39\n5,6\n', 'not-finite', /1e39 .*rescale/],
    ['a short row', '1,2\n3\n5,6\n', 'mis-shaped', /row 1 .*1 cells.* 2/],
    ['a long row', '1,2\n3,4,5\n5,6\n', 'mis-shaped', /row 1 .*3 cells.* 2/],
    ['an open quote', '1,2\n"3,4\n5,6\n', 'corrupt', /./],
    ['nothing', '', 'empty', /./],
    ['only a header', 'a,b\n', 'empty', /./],
  ])('with %s are refused', async (_, text, code, detail) => {
    await expectRefused(importCsv(text), code, detail);
  });

  test('places are told in columns of the file', async () => {
    const options = { testLast: 1, labels: '0', range: [0, 1] as const };
    await expectRefused(importCsv('9,0,1\n8,0,2\n7,1,1\n', options), 'out-of-range', /2 at row 1, column 2/);
  });

  test('an unknown label column is refused', async () => {
    await expectRefused(importCsv('a,b\n1,2\n3,4\n', { testLast: 1, labels: 'c' }), 'bad-option', /"c"/);
    await expectRefused(
      importCsv('a,b\n1,2\n3,4\n', { testLast: 1, labels: '2' }),
      'bad-option',
      /2 columns/,
    );
  });

  test('a column of labels is never taken for a file', async () => {
    const file = await temp.input.file('labels.txt', '7\n0\n1\n');
    const text = 'a,b\n1,2\n3,4\n5,6\n';
    await expectRefused(importCsv(text, { testLast: 1, labelColumn: file }), 'bad-option', /no column/);
    expect((await importCsv(text, { testLast: 1, labels: file })).labels?.train).toEqual(Uint8Array.of(7, 0));
    await temp.store.remove('d');
    expect((await importCsv(text, { testLast: 1, labelColumn: 'b' })).labels?.train).toEqual(
      Uint8Array.of(2, 4),
    );
    const from = [
      await temp.input.file('x.npy', encodeNpy({ dtype: 'u1', shape: [2, 1], data: Uint8Array.of(1, 2) })),
    ];
    await expect(
      importDataset(temp.store, { name: 'e', from, testLast: 1, labelColumn: '0' }),
    ).rejects.toMatchObject({ code: 'bad-option', option: 'labels' });
  });

  test('files with other columns are not joined', async () => {
    const held = await temp.input.file('t.csv', 'b,a\n1,2\n');
    await expectRefused(importCsv('a,b\n1,2\n', { test: held }), 'mis-shaped', /same columns/);
    const alike = await temp.input.file('t.csv', 'a,b\n3,4\n');
    expect(await importCsv('a,b\n1,2\n', { test: alike })).toMatchObject({ train: [1, 2], test: [3, 4] });
  });

  test('more than 256 different labels are refused', async () => {
    const text = Array.from({ length: 300 }, (_, i) => `${i},c${i}\n`).join('');
    await expectRefused(importCsv(text, { testLast: 1, labels: '1' }), 'bad-label', /256/);
  });
});

describe('test rows', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => `${i}\n`).join('');

  test('by fraction are drawn, the same ones every time, without losing a row', async () => {
    const first = await importCsv(hundred, { testFraction: 0.29 });
    expect(first.test).toHaveLength(29); // 0.29·100 is below 29 in floats
    expect([...first.train, ...first.test].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(first.test).not.toEqual(Array.from({ length: 29 }, (_, i) => 71 + i));
    expect((await importCsv(hundred, { testFraction: 0.29 })).dataset).toEqual(first.dataset);
  });

  test.each([
    [{}, 'no-test-rows'],
    [{ testLast: 0 }, 'bad-option'],
    [{ testLast: 100 }, 'bad-option'],
    [{ testLast: 1.5 }, 'bad-option'],
    [{ testFraction: 0 }, 'bad-option'],
    [{ testFraction: 1 }, 'bad-option'],
    [{ testFraction: 0.001 }, 'bad-option'],
    [{ testFraction: Number.NaN }, 'bad-option'],
    [{ testLast: 1, testFraction: 0.5 }, 'bad-option'],
    [{ testLast: 1, range: [1, 0] as const }, 'bad-option'],
    [{ testLast: 1, range: [0, Number.NaN] as const }, 'bad-option'],
  ])('%j are refused', async (options, code) => {
    await expectRefused(importCsv(hundred, options), code, /./);
  });
});

describe('an import', () => {
  test('tells how far it is, to the end', async () => {
    const seen: [number, number][] = [];
    const text = Array.from({ length: 200_000 }, (_, i) => `${i % 7},1\n`).join('');
    await importCsv(text, { testLast: 1, onProgress: (done, total) => seen.push([done, total]) });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toEqual([text.length, text.length]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  test('that is aborted stops and leaves nothing', async () => {
    const stop = new AbortController();
    const text = Array.from({ length: 200_000 }, (_, i) => `${i % 7},1\n`).join('');
    const work = importCsv(text, {
      testLast: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(work).rejects.toThrow('enough');
    expect(await temp.data.files()).toEqual(empty);
  });

  test.each([
    ['a missing file', ['nowhere.csv'], 'not-found'],
    ['no file', [], 'bad-option'],
    ['a folder without data', ['.'], 'not-found'],
  ])('of %s is refused', async (_, from, code) => {
    const paths = from.map((path) => `${temp.input.path}/${path}`);
    await expectRefused(importDataset(temp.store, { name: 'd', from: paths, testLast: 1 }), code, /./);
  });

  test('of an unknown kind of file is refused', async () => {
    const from = [await temp.input.file('d.parquet', 'PAR1')];
    await expectRefused(
      importDataset(temp.store, { name: 'd', from, testLast: 1 }),
      'unsupported',
      /d\.parquet/,
    );
  });

  test('under a name that is none, or taken, is refused', async () => {
    await expectRefused(importDataset(temp.store, { name: '../d', from: ['x'] }), 'bad-name', /\.\.\/d/);
    await expectRefused(importDataset(temp.store, { name: 'digits', from: ['x'] }), 'built-in', /./);
    await importCsv('1\n2\n');
    await expect(importCsv('1\n3\n')).rejects.toMatchObject({ code: 'name-taken' });
  });
});
