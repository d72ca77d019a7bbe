import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { someBytes } from '../test-support/file-bytes.js';
import { TempStore } from '../test-support/temp-store.js';
import { CorruptBlobError } from './blob-store.js';
import type { DatasetMeta, DatasetParts } from './dataset-parts.js';
import { DatasetStore } from './dataset-store.js';

let temp: TempStore;
let store: DatasetStore;
let empty: string[];
beforeEach(async () => {
  temp = await TempStore.create();
  store = temp.store;
  empty = await temp.data.files();
});
afterEach(() => temp[Symbol.asyncDispose]());

const META: DatasetMeta = {
  name: 'tiny',
  dtype: 'u1',
  scale: 255,
  shape: [2, 3],
  valueRange: { low: 0, high: 1 },
};
const parts = (seed = 1): DatasetParts => ({
  train: { rows: someBytes(24, seed), labels: Uint8Array.of(0, 1, 2, 1) },
  test: { rows: someBytes(12, seed + 1), labels: Uint8Array.of(2, 0) },
});

describe('digits', () => {
  test('are there without an import, with a digest that never changes', async () => {
    const [digits] = await store.list();
    expect(digits).toMatchObject({
      id: 'digits',
      digest: 'a6658efd13b6735a0db73dab5918813360ee6e4475936c1d482c7a1f4fb48704',
      dtype: 'u1',
      scale: 16,
      shape: [8, 8],
      columns: 64,
      valueRange: { low: 0, high: 1 },
      labels: { classes: 10 },
    });
    expect(await store.get('digits')).toEqual(digits);
  });

  test('load as the last 597 of 1797 rows and the rest', async () => {
    const { dataset, train, test: held } = await store.load('digits');
    expect([train.rows, held.rows, train.columns]).toEqual([1200, 597, 64]);
    expect(Array.from(train.data.subarray(0, 8))).toEqual([0, 0, 5, 13, 9, 1, 0, 0]);
    expect(Array.from(held.data.subarray(-8))).toEqual([0, 1, 8, 12, 14, 12, 1, 0]);
    expect(Math.max(...train.data, ...held.data)).toBe(16);
    const labels = await store.loadLabels(dataset);
    expect(Array.from(labels?.train.subarray(0, 3) ?? [])).toEqual([0, 1, 2]);
    expect(labels?.test.at(-1)).toBe(8);
  });

  test('can be neither removed nor replaced', async () => {
    await expect(store.remove('digits')).rejects.toMatchObject({ code: 'built-in' });
    await expect(store.add(parts(), { ...META, name: 'digits' })).rejects.toMatchObject({ code: 'built-in' });
  });
});

describe('add', () => {
  test('keeps rows, labels and manifest', async () => {
    const { dataset, created } = await store.add(parts(), { ...META, classes: 3, source: 'a test' });
    expect(created).toBe(true);
    expect(await store.get('tiny')).toEqual(dataset);
    expect((await store.list()).map((each) => each.id)).toEqual(['digits', 'tiny']);
    const loaded = await store.load(dataset);
    expect(loaded.train).toEqual({ dtype: 'u1', rows: 4, columns: 6, data: someBytes(24) });
    expect(await store.loadLabels(dataset)).toEqual({
      train: Uint8Array.of(0, 1, 2, 1),
      test: Uint8Array.of(2, 0),
    });
  });

  test('keeps floats', async () => {
    const train = Float32Array.of(0.5, -1, 3e38, 0);
    const rows = new Uint8Array(train.buffer);
    await store.add(
      { train: { rows }, test: { rows } },
      { name: 'floats', dtype: 'f4', scale: 1, shape: [2] },
    );
    expect((await store.load('floats')).test).toEqual({ dtype: 'f4', rows: 2, columns: 2, data: train });
  });

  test('of the same content again answers what there is', async () => {
    const first = await store.add(parts(), META);
    const again = await store.add(parts(), { ...META, source: 'elsewhere' });
    expect(again).toEqual({ dataset: first.dataset, created: false });
  });

  test('of other content under the name is refused and changes nothing', async () => {
    await store.add(parts(), META);
    const before = await temp.data.files();
    await expect(store.add(parts(7), META)).rejects.toMatchObject({ code: 'name-taken' });
    await expect(store.add(parts(), { ...META, shape: [6] })).rejects.toMatchObject({ code: 'name-taken' });
    expect(await temp.data.files()).toEqual(before);
  });

  test.each([
    ['no rows', { train: { rows: new Uint8Array() } }, {}, 'empty'],
    ['a broken row', { train: { rows: someBytes(7) } }, {}, 'mis-shaped'],
    ['too few labels', { test: { rows: someBytes(12), labels: Uint8Array.of(1) } }, {}, 'mis-shaped'],
    ['labels on one side', { test: { rows: someBytes(12) } }, {}, 'mis-shaped'],
    ['a path for a name', {}, { name: '../../etc/passwd' }, 'bad-name'],
    ['a scale of 0', {}, { scale: 0 }, 'mis-shaped'],
  ])('refuses %s and leaves nothing', async (_, part, meta, code) => {
    await expect(store.add({ ...parts(), ...part }, { ...META, ...meta })).rejects.toMatchObject({ code });
    expect(await temp.data.files()).toEqual(empty);
  });

  test('that fails while rows stream in leaves nothing', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield someBytes(6);
      throw new Error('the source broke');
    }
    const broken = { ...parts(), test: { rows: failing() } };
    await expect(store.add(broken, META)).rejects.toThrow('the source broke');
    expect(await temp.data.files()).toEqual(empty);
  });
});

test('the digest depends on all that a measurement depends on, and on nothing else', async () => {
  const digestOf = async (name: string, meta: Partial<DatasetMeta>, content = parts()): Promise<string> =>
    (await store.add(content, { ...META, ...meta, name })).dataset.digest;
  const digest = await digestOf('a', {});
  // Computed by another program from the documented form.
  expect(digest).toBe('cbd8d04f8122d52552e9f5e5cfc15f9165580dbf4dc44dd8da9bffd0f72d83a8');
  expect(await digestOf('b', { shape: [6], source: 'elsewhere' })).toBe(digest);
  expect(await digestOf('c', {}, { train: { rows: someBytes(24) }, test: { rows: someBytes(12, 2) } })).toBe(
    digest,
  );
  const others = [
    await digestOf('d', { scale: 16 }),
    await digestOf('e', { valueRange: { low: 0, high: 2 } }),
    await digestOf('f', { valueRange: undefined }),
    await digestOf('g', { shape: [3] }, { train: { rows: someBytes(24) }, test: { rows: someBytes(12, 2) } }),
    await digestOf('h', {}, parts(5)),
  ];
  expect(new Set([digest, ...others]).size).toBe(6);
});

describe('remove', () => {
  test('deletes bytes that no other data set has', async () => {
    await store.add(parts(), META);
    expect(await store.remove('tiny')).toBe(true);
    expect(await temp.data.files()).toEqual(empty);
    expect(await store.remove('tiny')).toBe(false);
    expect(await store.remove('../tiny')).toBe(false);
  });

  test('keeps bytes that another data set has', async () => {
    await store.add(parts(), META);
    await store.add(parts(), { ...META, name: 'twin', shape: [6] });
    await store.remove('tiny');
    expect((await store.load('twin')).train.rows).toBe(4);
  });
});

describe('a damaged store', () => {
  test('tells of changed bytes', async () => {
    const { dataset } = await store.add(parts(), META);
    await writeFile(store.blobs.pathOf(dataset.splits.test.sha256), someBytes(12, 99));
    await expect(store.load('tiny')).rejects.toThrow(CorruptBlobError);
  });

  test('tells of missing bytes', async () => {
    const { dataset } = await store.add(parts(), META);
    await rm(store.blobs.pathOf(dataset.splits.train.sha256));
    await expect(store.load('tiny')).rejects.toMatchObject({ code: 'missing-bytes' });
  });

  test.each([
    ['no JSON', () => '{'],
    ['no manifest', () => '{"id":"tiny"}'],
    ['another name', (text: string) => text.replace('"tiny"', '"tony"')],
    ['another scale', (text: string) => text.replace('"scale": 255', '"scale": 16')],
  ])('tells of a manifest with %s', async (_, change) => {
    await store.add(parts(), META);
    const path = join(temp.data.path, 'datasets', 'tiny.json');
    await writeFile(path, change(await readFile(path, 'utf8')));
    await expect(store.get('tiny')).rejects.toMatchObject({ code: 'bad-manifest' });
  });

  test('gets the digits back', async () => {
    await rm(join(temp.data.path, 'blobs'), { recursive: true });
    const again = await DatasetStore.open(temp.data.path);
    expect((await again.load('digits')).train.rows).toBe(1200);
  });
});

test('loading what is not there names what is', async () => {
  await expect(store.load('mnist')).rejects.toThrow(/no data set "mnist"; there are: digits/);
});

test('the lock of a dead process is broken', async () => {
  const lock = join(temp.data.path, 'datasets', '.lock');
  await writeFile(lock, `${hostname().replaceAll(/[^A-Za-z0-9-]/g, '-')}.${2 ** 22 + 1}.gone`);
  expect((await store.add(parts(), META)).created).toBe(true);
  expect(await temp.data.files()).not.toContain(join('datasets', '.lock'));
});

test('processes that add and remove at once leave a sound store', async () => {
  const script = `
    import { DatasetStore } from ${JSON.stringify(new URL('dataset-store.js', import.meta.url).href)};
    const store = await DatasetStore.open(process.argv[1]);
    const rows = new Uint8Array(24).fill(7);
    for (let i = 0; i < 15; i++) {
      const meta = { name: 'shared', dtype: 'u1', scale: 255, shape: [6] };
      await store.add({ train: { rows }, test: { rows } }, meta);
      await store.add({ train: { rows }, test: { rows } }, { ...meta, name: 'own-' + process.argv[2] });
      await store.load('own-' + process.argv[2]);
      await store.remove('shared');
    }`;
  const run = promisify(execFile);
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      run(process.execPath, ['--input-type=module', '-e', script, temp.data.path, name]),
    ),
  );
  const names = (await store.list()).map((dataset) => dataset.id);
  expect(names).toEqual(['digits', 'own-a', 'own-b', 'own-c']);
  for (const name of names) await store.load(name);
  expect((await temp.data.files()).filter((name) => name.startsWith('tmp'))).toEqual([]);
});
