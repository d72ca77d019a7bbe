import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatasetError } from '../dataset-error.js';
import { encodeNpy } from '../npy/npy.js';
import { encodeNpz } from '../npy/npz.js';
import { cifarFile, idxFile, someBytes } from '../test-support/file-bytes.js';
import { TempStore } from '../test-support/temp-store.js';
import { importDataset } from './import-dataset.js';

const RUNS = 50;

const floats = {
  dtype: 'f8',
  shape: [4, 3],
  data: Float64Array.from({ length: 12 }, (_, i) => i / 8),
} as const;
const bytes = { dtype: 'u1', shape: [4, 3], data: someBytes(12) } as const;
const FILES: readonly (readonly [string, Uint8Array])[] = [
  ['x.idx', idxFile([4, 3], someBytes(12))],
  ['x.idx.gz', gzipSync(idxFile([4, 3], someBytes(12)))],
  ['x.bin', cifarFile([1, 2, 3])],
  ['x.npy', encodeNpy(floats)],
  ['x.npy.gz', gzipSync(encodeNpy(bytes))],
  ['x.npz', await encodeNpz({ x_train: floats, x_test: floats })],
  ['x.csv', Buffer.from('a,"b",c\n1,2,3\n4,5,6\n7,8,9\n1.5,2e3,-4\n')],
];

let temp: TempStore;
beforeEach(async () => {
  temp = await TempStore.create();
});
afterEach(() => temp[Symbol.asyncDispose]());

/** Imports the bytes; they are taken, or refused by a DatasetError, and then the store is as it was. */
async function expectWholeOrNothing(name: string, content: Uint8Array): Promise<void> {
  const before = await temp.data.files();
  const from = [await temp.input.file(name, content)];
  const options = name.startsWith('x.npz') ? {} : { testLast: 1 };
  try {
    await importDataset(temp.store, { name: 'd', from, maxBytes: 1 << 20, ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(DatasetError);
    expect(await temp.data.files()).toEqual(before);
    return;
  }
  const { train, test: held } = await temp.store.load('d');
  for (const matrix of [train, held]) expect(matrix.data.every(Number.isFinite)).toBe(true);
  await temp.store.remove('d');
  expect(await temp.data.files()).toEqual(before);
}

describe.each(FILES)('%s', (name, valid) => {
  test('as it is, is taken', async () => {
    const from = [await temp.input.file(name, valid)];
    const options = name === 'x.npz' ? {} : { testLast: 1 };
    expect((await importDataset(temp.store, { name: 'd', from, ...options })).created).toBe(true);
  });

  test('changed, cut or lengthened is taken whole or refused without a trace', async () => {
    const change = fc.record({
      at: fc.nat(Math.min(valid.length - 1, 700)),
      put: fc.uint8Array({ maxLength: 8 }),
      cut: fc.option(fc.nat(valid.length)),
      more: fc.uint8Array({ maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, put, cut, more }) => {
        const mutated = Buffer.from(valid);
        mutated.set(put.subarray(0, valid.length - at), at);
        await expectWholeOrNothing(name, Buffer.concat([mutated.subarray(0, cut ?? valid.length), more]));
      }),
      { numRuns: RUNS },
    );
  });
});

test('random bytes under any name are taken whole or refused without a trace', async () => {
  const names = fc.constantFrom(...FILES.map(([name]) => name), 'x', 'x.txt');
  await fc.assert(fc.asyncProperty(names, fc.uint8Array({ maxLength: 400 }), expectWholeOrNothing), {
    numRuns: RUNS,
  });
});

test('random text as CSV is taken whole or refused without a trace', async () => {
  const cell = fc.oneof(
    fc.double().map(String),
    fc.constantFrom('', '"', ',', '\n', '\r', 'NaN', '1e999', ' ', '0'),
  );
  const text = fc.array(cell, { maxLength: 40 }).map((cells) => cells.join(','));
  await fc.assert(
    fc.asyncProperty(text, (content) => expectWholeOrNothing('x.csv', Buffer.from(content))),
    { numRuns: RUNS },
  );
});
