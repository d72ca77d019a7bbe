import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { canonicalJson, type Dataset } from '@levy/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { datasetDigest } from '../dataset-digest.js';
import { encodeNpy } from '../npy/npy.js';
import { encodeNpz } from '../npy/npz.js';
import { cifarFile, someBytes } from '../test-support/file-bytes.js';
import { TempStore } from '../test-support/temp-store.js';
import { type ImportOptions, importDataset } from './import-dataset.js';
import { chooseTestRows } from './test-rows.js';

let temp: TempStore;
let empty: string[];
beforeEach(async () => {
  temp = await TempStore.create();
  empty = await temp.data.files();
});
afterEach(() => temp[Symbol.asyncDispose]());

/** Row i: 0.1·(i mod 10), a third of the rest, and what is left, to all digits of float64. */
function softRows(rows: number, first = 0): number[][] {
  return Array.from({ length: rows }, (_, index) => {
    const own = ((first + index) % 10) / 10;
    const other = (1 - own) / 3;
    return [own, other, 1 - own - other];
  });
}

const f8 = (rows: readonly (readonly number[])[]) =>
  encodeNpy({
    dtype: 'f8',
    shape: [rows.length, rows[0]?.length ?? 0],
    data: Float64Array.from(rows.flat()),
  });
const csv = (rows: readonly (readonly number[])[]) => `${rows.map((row) => row.join(',')).join('\n')}\n`;
const bytes = (rows: number, shift = 0) =>
  encodeNpy({ dtype: 'u1', shape: [rows, 2], data: someBytes(2 * rows, shift) });

async function importRows(rows: number, rest: Omit<ImportOptions, 'name' | 'from'>): Promise<Dataset> {
  const from = [await temp.input.file('x.npy', bytes(rows))];
  return (await importDataset(temp.store, { name: 'd', from, ...rest })).dataset;
}

async function expectRefused(work: Promise<unknown>, code: string, detail: RegExp): Promise<void> {
  await expect(work).rejects.toMatchObject({
    name: 'DatasetError',
    code,
    detail: expect.stringMatching(detail),
  });
  expect(await temp.data.files()).toEqual(empty);
}

describe('soft labels', () => {
  test.each([
    ['NPY', 'soft.npy', f8(softRows(12))],
    ['NPY, packed', 'soft.npy.gz', gzipSync(f8(softRows(12)))],
    ['CSV', 'soft.csv', csv(softRows(12))],
    ['CSV with a header', 'soft.csv', `cat,dog,emu\n${csv(softRows(12))}`],
  ])('of %s keep every digit, and go with their rows into the last test rows', async (_, name, content) => {
    const softLabels = await temp.input.file(name, content);
    const dataset = await importRows(12, { testLast: 5, softLabels });
    expect(dataset.softLabels).toMatchObject({ classes: 3 });
    expect(dataset.source).toBe(`Imported from x.npy; soft labels from ${name}`);
    const { softLabels: loaded } = await temp.store.load('d');
    expect(loaded).toEqual({
      classes: 3,
      train: Float64Array.from(softRows(7).flat()),
      test: Float64Array.from(softRows(5, 7).flat()),
    });
  });

  test('go with their rows into a drawn fraction, beside labels; from CSV rows too', async () => {
    const soft = softRows(40);
    const softLabels = await temp.input.file('soft.npy', f8(soft));
    const table = Array.from({ length: 40 }, (_, i) => [i, i % 3]);
    const from = [await temp.input.file('x.csv', csv(table))];
    await importDataset(temp.store, { name: 'd', from, testFraction: 0.25, labels: '1', softLabels });
    const { train, test: held, softLabels: loaded } = await temp.store.load('d');
    const isTest = chooseTestRows(40, { fraction: 0.25 });
    const part = (side: number) => [...isTest.keys()].filter((row) => isTest[row] === side);
    expect(Array.from(train.data)).toEqual(part(0));
    expect(Array.from(held.data)).toEqual(part(1));
    expect(loaded).toEqual({
      classes: 3,
      train: Float64Array.from(part(0).flatMap((row) => soft[row] ?? [])),
      test: Float64Array.from(part(1).flatMap((row) => soft[row] ?? [])),
      labels: {
        train: Uint8Array.from(part(0), (row) => row % 3),
        test: Uint8Array.from(part(1), (row) => row % 3),
      },
    });
  });

  test('of test rows that stand in a file of their own, or of the training rows alone', async () => {
    const test = await temp.input.file('t.npy', bytes(4, 9));
    const softLabels = await temp.input.file('soft.npy', f8(softRows(6)));
    const softLabelsTest = await temp.input.file('soft-test.csv', csv(softRows(4, 3)));
    const both = await importRows(6, { test, softLabels, softLabelsTest });
    expect((await temp.store.load('d')).softLabels?.test).toEqual(Float64Array.from(softRows(4, 3).flat()));
    await temp.store.remove('d');
    expect(await temp.data.files()).toEqual(empty);
    const alone = await importRows(6, { test, softLabels });
    expect(alone.softLabels).toEqual({ classes: 3, train: both.softLabels?.train });
    expect((await temp.store.load('d')).softLabels).toEqual({
      classes: 3,
      train: Float64Array.from(softRows(6).flat()),
    });
  });

  test('of original files', async () => {
    const from = [await temp.input.file('batch.bin', cifarFile([2, 0, 1]))];
    const softLabels = await temp.input.file('soft.npy', f8(softRows(3)));
    await importDataset(temp.store, { name: 'd', from, testLast: 1, softLabels });
    expect((await temp.store.load('d')).softLabels?.labels).toEqual({
      train: Uint8Array.of(2, 0),
      test: Uint8Array.of(1),
    });
  });

  test('in an .npz; float32 is widened as it is', async () => {
    const soft = Float32Array.from(softRows(3).flat());
    const arrays = {
      x_train: { dtype: 'u1', shape: [3, 2], data: someBytes(6) },
      x_test: { dtype: 'u1', shape: [1, 2], data: someBytes(2, 9) },
      soft_train: { dtype: 'f4', shape: [3, 3], data: soft },
      soft_test: { dtype: 'f8', shape: [1, 3], data: Float64Array.from(softRows(1, 5).flat()) },
    } as const;
    const from = [await temp.input.file('d.npz', await encodeNpz(arrays))];
    await importDataset(temp.store, { name: 'd', from });
    expect((await temp.store.load('d')).softLabels).toEqual({
      classes: 3,
      train: Float64Array.from(soft),
      test: Float64Array.from(softRows(1, 5).flat()),
    });
    await temp.store.remove('d');
    const softLabels = await temp.input.file('soft.npy', f8(softRows(3)));
    await expectRefused(
      importDataset(temp.store, { name: 'd', from, softLabels }),
      'bad-option',
      /soft_train and soft_test/,
    );
  });

  test('are in the digest, and with them the labels; without them nothing changes', async () => {
    const labels = await temp.input.file('y.txt', '0\n1\n2\n0\n1\n2\n');
    const other = await temp.input.file('z.txt', '0\n1\n2\n0\n1\n1\n');
    const softLabels = await temp.input.file('soft.npy', f8(softRows(6)));
    const changed = await temp.input.file('soft.csv', csv(softRows(6, 1)));
    const digests: string[] = [];
    for (const rest of [
      {},
      { labels },
      { softLabels },
      { softLabels: changed },
      { softLabels, labels },
      { softLabels, labels: other },
    ]) {
      digests.push((await importRows(6, { testLast: 2, ...rest })).digest);
      await temp.store.remove('d');
    }
    const [plain, labelled, ...soft] = digests;
    expect(labelled).toBe(plain);
    expect(new Set([plain, ...soft]).size).toBe(5);
    const dataset = await importRows(6, { testLast: 2, softLabels, labels });
    const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
    const { splits } = dataset;
    const content = {
      format: 1,
      dtype: 'u1',
      scale: 255,
      columns: 2,
      valueRange: { low: 0, high: 1 },
      train: { rows: 4, sha256: splits.train.sha256 },
      test: { rows: 2, sha256: splits.test.sha256 },
    };
    expect(sha256(canonicalJson(content))).toBe(plain);
    const floats = (rows: number[][]) => sha256(new Uint8Array(Float64Array.from(rows.flat()).buffer));
    const withSoft = {
      ...content,
      softLabels: {
        classes: 3,
        train: floats(softRows(4)),
        test: floats(softRows(2, 4)),
        labels: { train: sha256(Uint8Array.of(0, 1, 2, 0)), test: sha256(Uint8Array.of(1, 2)) },
      },
    };
    expect(dataset.digest).toBe(sha256(canonicalJson(withSoft)));
    expect(datasetDigest(dataset)).toBe(dataset.digest);
  });
});

describe('soft labels are refused, and where', () => {
  const row = (values: number[]) => softRows(4).with(2, values);

  test.each([
    ['NaN', f8(row([0.5, Number.NaN, 0.5])), 'not-finite', /NaN at row 2, column 1 \(from 0\)/],
    [
      'infinity in CSV',
      csv(row([0.5, 0.5, Number.POSITIVE_INFINITY])),
      'not-finite',
      /"Infinity" at row 2, column 2/,
    ],
    ['a word', csv(softRows(4)).replace('0.1', 'ten'), 'not-a-number', /"ten" at row 1, column 0/],
    ['below 0', csv(row([0.5, -0.001, 0.501])), 'out-of-range', /-0.001 at row 2, column 1 .* below 0/],
    ['a sum above 1', csv(row([0.5, 0.5, 0.00101])), 'out-of-range', /row 2 \(from 0\) sums to 1.00101/],
    ['a sum below 1', f8(row([0.5, 0.2, 0.2])), 'out-of-range', /row 2 \(from 0\) sums to 0.9/],
    ['percents', csv(row([50, 25, 25])), 'out-of-range', /row 2 \(from 0\) sums to 100/],
    ['one class', csv([[1], [1], [1], [1]]), 'mis-shaped', /1 column; .* at least 2/],
    [
      'a row of another length',
      csv(row([0.5, 0.5])),
      'mis-shaped',
      /row 2 \(from 0\) has 2 cells, the first has 3/,
    ],
    ['too few rows', f8(softRows(3)), 'mis-shaped', /for 3 rows, fewer than there are/],
    ['too many rows', f8(softRows(5)), 'mis-shaped', /for 5 rows, but there are 4/],
    ['nothing', 'a,b\n', 'empty', /no rows/],
    ['one dimension', encodeNpy({ dtype: 'f8', shape: [4], data: new Float64Array(4) }), 'mis-shaped', /./],
    [
      'three dimensions',
      encodeNpy({ dtype: 'f8', shape: [4, 3, 1], data: Float64Array.from(softRows(4).flat()) }),
      'mis-shaped',
      /two dimensions/,
    ],
    [
      'whole numbers',
      encodeNpy({ dtype: 'i4', shape: [4, 3], data: new Int32Array(12) }),
      'unsupported',
      /<i4; <f4 and <f8/,
    ],
    ['a cut file', f8(softRows(4)).subarray(0, -1), 'truncated', /./],
    ['a longer file', Buffer.concat([f8(softRows(4)), Buffer.alloc(1)]), 'trailing-bytes', /./],
  ])('with %s', async (_, content, code, detail) => {
    const softLabels = await temp.input.file(typeof content === 'string' ? 'soft.csv' : 'soft.npy', content);
    await expectRefused(importRows(4, { testLast: 1, softLabels }), code, detail);
  });

  test.each([
    ['thirds of three decimals', [0.333, 0.333, 0.333]],
    ['thirds of float32', [1, 1, 1].map((third) => Math.fround(third / 3))],
    ['a hair too much', [0.5, 0.5, 0.001]],
  ])('but not with %s', async (_, values) => {
    const softLabels = await temp.input.file('soft.csv', csv(row(values)));
    expect((await importRows(4, { testLast: 1, softLabels })).softLabels?.classes).toBe(3);
  });

  test.each([
    ['0\n1\n3\n2\n', /label of row 2 \(from 0\) of train is 3, .* 3 classes: 0 to 2/],
    ['0\n1\n2\n7\n', /label of row 0 \(from 0\) of test is 7/],
    ['ape\nbat\ncat\ndog\n', /label of row 0 \(from 0\) of test is 3/],
  ])('with labels beyond their classes', async (text, detail) => {
    const labels = await temp.input.file('y.txt', text);
    const softLabels = await temp.input.file('soft.npy', f8(softRows(4)));
    await expectRefused(importRows(4, { testLast: 1, labels, softLabels }), 'bad-label', detail);
  });

  test('where they do not fit the splits', async () => {
    const test = await temp.input.file('t.npy', bytes(2, 9));
    const softLabels = await temp.input.file('soft.npy', f8(softRows(4)));
    const two = await temp.input.file(
      'two.csv',
      csv([
        [0.5, 0.5],
        [1, 0],
      ]),
    );
    const refused = (rest: Omit<ImportOptions, 'name' | 'from'>, code: string, detail: RegExp) =>
      expectRefused(importRows(4, rest), code, detail);
    await refused({ testLast: 1, softLabels, softLabelsTest: two }, 'bad-option', /set no test rows apart/);
    await refused({ test, softLabelsTest: two }, 'bad-option', /test rows alone/);
    await refused(
      { test, softLabels, softLabelsTest: two },
      'mis-shaped',
      /3 classes in train and 2 in test/,
    );
    await refused({ testLast: 1, softLabels: '/nonexistent' }, 'not-found', /nonexistent/);
  });
});
