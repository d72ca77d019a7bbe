import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeNpy } from '../npy/npy.js';
import { encodeNpz } from '../npy/npz.js';
import { cifarFile, idxFile, someBytes } from '../test-support/file-bytes.js';
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

/** Writes one file and imports it as "d". */
async function importFile(name: string, content: Uint8Array | string, rest: Rest = {}): Promise<Loaded> {
  const from = [await temp.input.file(name, content)];
  await importDataset(temp.store, { name: 'd', from, ...rest });
  return load();
}

interface Loaded {
  readonly train: number[];
  readonly test: number[];
  readonly labels: { train: number[]; test: number[] } | undefined;
}

async function load(name = 'd'): Promise<Loaded> {
  const { dataset, train, test: held } = await temp.store.load(name);
  const labels = await temp.store.loadLabels(dataset);
  return {
    train: Array.from(train.data),
    test: Array.from(held.data),
    labels: labels && { train: Array.from(labels.train), test: Array.from(labels.test) },
  };
}

async function expectRefused(work: Promise<unknown>, code: string, detail: RegExp = /./): Promise<void> {
  await expect(work).rejects.toMatchObject({
    name: 'DatasetError',
    code,
    detail: expect.stringMatching(detail),
  });
  expect(await temp.data.files()).toEqual(empty);
}

const MNIST_FILES = {
  'train-images-idx3-ubyte': idxFile([5, 2, 3], someBytes(30)),
  'train-labels-idx1-ubyte': idxFile([5], Uint8Array.of(3, 0, 1, 9, 3)),
  't10k-images-idx3-ubyte': idxFile([2, 2, 3], someBytes(12, 2)),
  't10k-labels-idx1-ubyte': idxFile([2], Uint8Array.of(4, 4)),
};

async function writeAll(files: Readonly<Record<string, Uint8Array>>, pack?: 'gzip'): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await temp.input.file(
      pack === undefined ? name : `${name}.gz`,
      pack === undefined ? bytes : gzipSync(bytes),
    );
  }
}

describe('the original files of MNIST', () => {
  test.each(['gzip', undefined] as const)('are found in a folder (%s)', async (pack) => {
    await writeAll(MNIST_FILES, pack);
    const { dataset } = await importDataset(temp.store, { name: 'mnist', from: [temp.input.path] });
    expect(dataset).toMatchObject({
      dtype: 'u1',
      scale: 255,
      shape: [2, 3],
      valueRange: { low: 0, high: 1 },
      labels: { classes: 10 },
    });
    expect(await load('mnist')).toEqual({
      train: Array.from(someBytes(30)),
      test: Array.from(someBytes(12, 2)),
      labels: { train: [3, 0, 1, 9, 3], test: [4, 4] },
    });
  });

  test('packed or not give the same digest, under any name', async () => {
    await writeAll(MNIST_FILES, 'gzip');
    const packed = await importDataset(temp.store, { name: 'fashion-mnist', from: [temp.input.path] });
    await writeAll(MNIST_FILES);
    const from = Object.keys(MNIST_FILES).map((name) => join(temp.input.path, name));
    const plain = await importDataset(temp.store, { name: 'mine', from });
    expect(plain.dataset.digest).toBe(packed.dataset.digest);
  });

  test('must all be there', async () => {
    const { 't10k-labels-idx1-ubyte': _, ...others } = MNIST_FILES;
    await writeAll(others);
    const options = { name: 'mnist', from: [temp.input.path] };
    await expectRefused(importDataset(temp.store, options), 'not-found', /t10k-labels-idx1-ubyte/);
  });

  test('must have a label for every image', async () => {
    await writeAll({ ...MNIST_FILES, 't10k-labels-idx1-ubyte': idxFile([3], Uint8Array.of(1, 2, 3)) });
    const options = { name: 'mnist', from: [temp.input.path] };
    await expectRefused(importDataset(temp.store, options), 'mis-shaped', /3 labels for 2 rows/);
  });

  test('that do not agree in shape are refused', async () => {
    await writeAll({ ...MNIST_FILES, 't10k-images-idx3-ubyte': idxFile([2, 3, 2], someBytes(12)) });
    const options = { name: 'mnist', from: [temp.input.path] };
    await expectRefused(importDataset(temp.store, options), 'mis-shaped', /\(2, 3\).*\(3, 2\)/);
  });
});

describe('the original files of CIFAR-10', () => {
  const batches = Object.fromEntries(
    [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, cifarFile([n, 0], 10 * n)] as const),
  );

  test.each(['gzip', undefined] as const)('are found in the folder that they come in (%s)', async (pack) => {
    await mkdir(join(temp.input.path, 'cifar-10-batches-bin'));
    for (const [name, bytes] of Object.entries({ ...batches, 'test_batch.bin': cifarFile([9], 77) })) {
      const path = join(temp.input.path, 'cifar-10-batches-bin', pack === undefined ? name : `${name}.gz`);
      await writeFile(path, pack === undefined ? bytes : gzipSync(bytes));
    }
    const { dataset } = await importDataset(temp.store, { name: 'cifar-10', from: [temp.input.path] });
    expect(dataset).toMatchObject({ shape: [3, 32, 32], columns: 3072, scale: 255 });
    const { train, test: held, labels } = await load('cifar-10');
    expect(labels).toEqual({ train: [1, 0, 2, 0, 3, 0, 4, 0, 5, 0], test: [9] });
    expect(train.slice(3072 * 2, 3072 * 3)).toEqual(Array.from(someBytes(3072, 20)));
    expect(held).toEqual(Array.from(someBytes(3072, 77)));
  });

  test('still packed by xz are told apart', async () => {
    await temp.input.file('data_batch_1.bin.xz', 'x');
    const options = { name: 'cifar-10', from: [temp.input.path] };
    await expectRefused(importDataset(temp.store, options), 'not-found', /xz -dk/);
  });

  test.each([
    ['a cut record', cifarFile([1, 2]).subarray(0, 6000), 'mis-shaped', /6000 bytes/],
    ['a cut record, packed', gzipSync(cifarFile([1, 2]).subarray(0, 6000)), 'mis-shaped', /6000 bytes/],
    ['a label of 10', cifarFile([1, 10]), 'bad-label', /record 1 .* is 10/],
    ['nothing', new Uint8Array(), 'empty', /./],
  ])('with %s are refused', async (_, content, code, detail) => {
    await expectRefused(importFile('batch.bin', content, { testLast: 1 }), code, detail);
  });

  test('one batch can be split', async () => {
    const { labels } = await importFile('batch.bin.gz', gzipSync(cifarFile([1, 2, 3, 4])), { testLast: 1 });
    expect(labels).toEqual({ train: [1, 2, 3], test: [4] });
  });
});

describe('IDX files', () => {
  const valid = idxFile([4, 3], someBytes(12));

  test('are read alone', async () => {
    const { train, test: held } = await importFile('images.idx', valid, { testLast: 1 });
    expect([...train, ...held]).toEqual(Array.from(someBytes(12)));
    expect(held).toHaveLength(3);
  });

  test('take labels from a file, those of the test file last', async () => {
    const labels = await temp.input.file('labels.txt', 'cat\ndog\ncat\nemu\nape\n');
    const held = await temp.input.file('test.idx', idxFile([1, 3], someBytes(3)));
    const loaded = await importFile('images.idx', valid, { test: held, labels });
    expect(loaded.labels).toEqual({ train: [1, 2, 1, 3], test: [0] });
  });

  test.each([
    [
      'float type',
      Buffer.concat([Buffer.from([0, 0, 13]), valid.subarray(3)]),
      'unsupported',
      /float32.*bytes/,
    ],
    ['one row too few', valid.subarray(0, valid.length - 1), 'truncated', /1 too early/],
    ['one byte too many', Buffer.concat([valid, Buffer.from([0])]), 'trailing-bytes', /./],
    ['no rows', idxFile([0, 3], new Uint8Array()), 'empty', /./],
    ['a list of labels', idxFile([12], someBytes(12)), 'mis-shaped', /two dimensions/],
    ['half a header', valid.subarray(0, 7), 'truncated', /./],
    ['two thousand million rows', idxFile([2 ** 31, 3], someBytes(12)), 'too-large', /./],
    ['rows beyond measure', idxFile([2, 2 ** 31, 2 ** 31], someBytes(12)), 'too-large', /./],
    ['nothing', new Uint8Array(), 'truncated', /./],
  ])('with %s are refused', async (_, content, code, detail) => {
    await expectRefused(importFile('images.idx', content, { testLast: 1 }), code, detail);
  });
});

describe('gzip', () => {
  const packed = gzipSync(idxFile([4, 3], someBytes(12)));
  const changed = Buffer.from(packed);
  changed[packed.length - 12] = (changed[packed.length - 12] ?? 0) ^ 0x55;

  test.each([
    ['cut', packed.subarray(0, packed.length - 5), 'truncated'],
    ['changed', changed, 'corrupt'],
    ['with bytes after it', Buffer.concat([packed, Buffer.from('more')]), 'corrupt'],
    ['with zeros after it', Buffer.concat([packed, Buffer.alloc(40)]), 'trailing-bytes'],
  ])('data %s is refused', async (_, content, code) => {
    await expectRefused(importFile('images.idx.gz', content, { testLast: 1 }), code);
  });

  test('a bomb is left where its header says it ends', async () => {
    const bomb = gzipSync(idxFile([4, 3], new Uint8Array(100 << 20)));
    expect(bomb.length).toBeLessThan(1 << 18);
    // Reading much further than the header says would exceed the budget first.
    const work = importFile('images.idx.gz', bomb, { testLast: 1, maxBytes: 1 << 20 });
    await expectRefused(work, 'trailing-bytes');
  });

  test.each(['bomb.csv.gz', 'bomb.bin.gz'])(
    'a bomb without a header ends at the limit (%s)',
    async (name) => {
      const content = name.includes('csv') ? Buffer.alloc(20 << 20, '0,0\n') : Buffer.alloc(3073 * 7000);
      const work = importFile(name, gzipSync(content), { testLast: 1, maxBytes: 1 << 20 });
      await expectRefused(work, 'too-large');
    },
  );
});

describe('NPY files', () => {
  test('of bytes stay bytes in 0…1', async () => {
    const data = someBytes(12);
    await importFile('x.npy', encodeNpy({ dtype: 'u1', shape: [3, 2, 2], data }), { testLast: 1 });
    expect(await temp.store.get('d')).toMatchObject({
      dtype: 'u1',
      scale: 255,
      shape: [2, 2],
      valueRange: { low: 0, high: 1 },
    });
  });

  test.each(['f4', 'f8'] as const)('of %s become float32 without a range', async (dtype) => {
    const values = [0.1, -2.5, 1e-40, 3e14, 0, 7];
    const array =
      dtype === 'f4'
        ? { dtype, shape: [3, 2], data: Float32Array.from(values) }
        : { dtype, shape: [3, 2], data: Float64Array.from(values) };
    const { train, test: held } = await importFile('x.npy', encodeNpy(array), { testLast: 2 });
    expect([...train, ...held]).toEqual(values.map(Math.fround));
    const dataset = await temp.store.get('d');
    expect(dataset).toMatchObject({ dtype: 'f4', scale: 1, columns: 2 });
    expect(dataset?.valueRange).toBeUndefined();
  });

  test('are joined in the order given, with labels from another', async () => {
    const a = await temp.input.file(
      'a.npy',
      encodeNpy({ dtype: 'f4', shape: [2, 1], data: Float32Array.of(1, 2) }),
    );
    const b = await temp.input.file(
      'b.npy',
      encodeNpy({ dtype: 'f8', shape: [1, 1], data: Float64Array.of(3) }),
    );
    const labels = await temp.input.file(
      'y.npy',
      encodeNpy({ dtype: 'i8', shape: [4], data: BigInt64Array.of(5n, 6n, 7n, 0n) }),
    );
    const held = await temp.input.file(
      't.npy',
      encodeNpy({ dtype: 'f4', shape: [1, 1], data: Float32Array.of(4) }),
    );
    await importDataset(temp.store, { name: 'd', from: [b, a], test: held, labels });
    expect(await load()).toEqual({ train: [3, 1, 2], test: [4], labels: { train: [5, 6, 7], test: [0] } });
  });

  test.each([
    ['NaN', Number.NaN, 'not-finite', /NaN at row 1, column 2/],
    ['infinity', Number.NEGATIVE_INFINITY, 'not-finite', /-Infinity at row 1, column 2/],
    [
      'what float32 cannot hold',
      1e39,
      'not-finite',
      /1e\+39 at row 1, column 2 .*larger than 1000000000000000 in size/,
    ],
    ['a value above the range', 1.5, 'out-of-range', /1.5 at row 1, column 2 .*range 0…1/],
    ['a value below the range', -1e-9, 'out-of-range', /row 1, column 2/],
  ])('with %s are refused', async (_, value, code, detail) => {
    const data = new Float64Array(9).fill(0.5).with(5, value);
    const bytes = encodeNpy({ dtype: 'f8', shape: [3, 3], data });
    await expectRefused(importFile('x.npy', bytes, { testLast: 1, range: [0, 1] }), code, detail);
  });

  test('the ends of a range lie in it, as float32', async () => {
    const bytes = encodeNpy({ dtype: 'f8', shape: [2, 2], data: Float64Array.of(0.1, 0.3, 0.2, 0.1) });
    await importFile('x.npy', bytes, { testLast: 1, range: [0.1, 0.3] });
    expect((await temp.store.get('d'))?.valueRange).toEqual({
      low: Math.fround(0.1),
      high: Math.fround(0.3),
    });
  });

  test.each([
    ['whole numbers', encodeNpy({ dtype: 'i4', shape: [2, 2], data: new Int32Array(4) }), 'unsupported'],
    ['one dimension', encodeNpy({ dtype: 'f4', shape: [4], data: new Float32Array(4) }), 'mis-shaped'],
    ['no columns', encodeNpy({ dtype: 'f4', shape: [4, 0], data: new Float32Array() }), 'empty'],
    [
      'too few rows',
      encodeNpy({ dtype: 'u1', shape: [4, 2], data: new Uint8Array(8) }).subarray(0, -1),
      'truncated',
    ],
  ])('of %s are refused', async (_, content, code) => {
    await expectRefused(importFile('x.npy', content, { testLast: 1 }), code, /x\.npy/);
  });

  test('of bytes take no other range', async () => {
    const bytes = encodeNpy({ dtype: 'u1', shape: [3, 2], data: someBytes(6) });
    await expectRefused(
      importFile('x.npy', bytes, { testLast: 1, range: [0, 255] }),
      'bad-option',
      /byte\/255/,
    );
  });
});

describe('NPZ files', () => {
  const arrays = {
    x_train: { dtype: 'u1', shape: [3, 2], data: someBytes(6) },
    y_train: { dtype: 'i8', shape: [3], data: BigInt64Array.of(2n, 0n, 1n) },
    x_test: { dtype: 'u1', shape: [1, 2], data: someBytes(2, 9) },
    y_test: { dtype: 'i8', shape: [1], data: BigInt64Array.of(1n) },
  } as const;

  test('are read whole', async () => {
    expect(await importFile('d.npz', await encodeNpz(arrays))).toEqual({
      train: Array.from(someBytes(6)),
      test: Array.from(someBytes(2, 9)),
      labels: { train: [2, 0, 1], test: [1] },
    });
  });

  test('without test rows are split', async () => {
    const { x_train, y_train } = arrays;
    expect(await importFile('d.npz', await encodeNpz({ x_train, y_train }), { testLast: 1 })).toMatchObject({
      labels: { train: [2, 0], test: [1] },
    });
  });

  test('with half of the labels, or without x_train, are refused', async () => {
    const { y_test: _, ...half } = arrays;
    await expectRefused(importFile('d.npz', await encodeNpz(half)), 'mis-shaped', /y_train and y_test/);
    const { x_train: __, ...none } = half;
    await expectRefused(importFile('d.npz', await encodeNpz({ x: arrays.x_train })), 'not-found', /it has x/);
    await expectRefused(importFile('d.npz', await encodeNpz(none)), 'mis-shaped');
  });

  test('with test rows are not split again', async () => {
    await expectRefused(importFile('d.npz', await encodeNpz(arrays), { testLast: 1 }), 'bad-option');
  });

  test('that claim more than is allowed are refused before anything is inflated', async () => {
    await expectRefused(importFile('d.npz', await encodeNpz(arrays), { maxBytes: 100 }), 'too-large');
  });
});
