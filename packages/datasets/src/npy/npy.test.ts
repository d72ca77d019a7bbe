import { execFileSync, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatasetError } from '../dataset-error.js';
import { TempFolder } from '../test-support/temp-store.js';
import { decodeNpy, encodeNpy } from './npy.js';
import { type NpyArray, npyText } from './npy-array.js';
import { formatNpyHeader } from './npy-header.js';
import { decodeNpz, encodeNpz } from './npz.js';

const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
if (!hasNumpy) console.warn('SKIPPED: the tests against numpy itself, because python3 has no numpy');

const EXAMPLES: Readonly<Record<string, NpyArray>> = {
  kind: npyText('balls'),
  names: { dtype: 'text', shape: [2], data: ['ℓ∞ 🎈', ''] },
  bytes: { dtype: 'u1', shape: [2, 3], data: Uint8Array.of(0, 1, 127, 128, 254, 255) },
  counts: { dtype: 'i4', shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
  wide: { dtype: 'i8', shape: [], data: BigInt64Array.of(-(2n ** 63n)) },
  floats: { dtype: 'f4', shape: [1, 2, 1], data: Float32Array.of(0.1, -0) },
  doubles: { dtype: 'f8', shape: [3], data: Float64Array.of(0.1, Number.POSITIVE_INFINITY, 5e-324) },
  none: { dtype: 'f4', shape: [0, 7], data: new Float32Array() },
};

const anyArray: fc.Arbitrary<NpyArray> = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
  .chain((shape) => {
    const size = { minLength: shape.reduce((a, b) => a * b, 1), maxLength: shape.reduce((a, b) => a * b, 1) };
    return fc.oneof(
      fc.uint8Array(size).map((data): NpyArray => ({ dtype: 'u1', shape, data })),
      fc.int32Array(size).map((data): NpyArray => ({ dtype: 'i4', shape, data })),
      fc.bigInt64Array(size).map((data): NpyArray => ({ dtype: 'i8', shape, data })),
      fc.float32Array(size).map((data): NpyArray => ({ dtype: 'f4', shape, data })),
      fc.float64Array(size).map((data): NpyArray => ({ dtype: 'f8', shape, data })),
      fc
        .array(
          fc.string({ unit: 'binary' }).map((text) => text.replace(/\0+$/, '')),
          size,
        )
        .map((data): NpyArray => ({ dtype: 'text', shape, data })),
    );
  });

describe('encodeNpy and decodeNpy', () => {
  test.each(Object.entries(EXAMPLES))('bring back %s', (_, array) => {
    expect(decodeNpy(encodeNpy(array))).toEqual(array);
  });

  test('bring back every array', () => {
    fc.assert(
      fc.property(anyArray, (array) => {
        expect(decodeNpy(encodeNpy(array))).toEqual(array);
      }),
    );
  });

  test('the bytes are those of the format', () => {
    const bytes = Buffer.from(encodeNpy({ dtype: 'i4', shape: [2], data: Int32Array.of(1, -2) }));
    expect(bytes.subarray(0, 10).toString('hex')).toBe('934e554d505901007600');
    expect(bytes.subarray(10, 128).toString('latin1')).toBe(
      `${"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }".padEnd(117)}\n`,
    );
    expect(bytes.subarray(128).toString('hex')).toBe('01000000feffffff');
  });

  test('a shape that does not fit the data is a mistake of the caller', () => {
    expect(() => encodeNpy({ dtype: 'u1', shape: [2, 2], data: new Uint8Array(3) })).toThrow(RangeError);
    expect(() => encodeNpy(npyText('ends in nothing\0'))).toThrow(RangeError);
  });
});

/** A file with this header text and these data. */
function npyFile(header: string, data: Uint8Array = new Uint8Array(4), version = 1): Uint8Array {
  const length =
    version === 1
      ? [header.length & 255, header.length >> 8]
      : [header.length & 255, header.length >> 8, 0, 0];
  const magic = [0x93, ...Buffer.from('NUMPY'), version, 0, ...length];
  return Buffer.concat([Uint8Array.from(magic), Buffer.from(header, 'latin1'), data]);
}

describe('decodeNpy', () => {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n";

  test.each([1, 2, 3])('reads version %i', (version) => {
    expect(decodeNpy(npyFile(header, Uint8Array.of(1, 2, 3, 4), version))).toEqual({
      dtype: 'u1',
      shape: [4],
      data: Uint8Array.of(1, 2, 3, 4),
    });
  });

  test('reads keys in any order, double quotes, and no last comma', () => {
    const other = `{"shape":(2 , 2),"fortran_order":False,"descr":"|u1"}`;
    expect(decodeNpy(npyFile(other)).shape).toEqual([2, 2]);
  });

  test.each([
    ['another magic', Buffer.from('PK\x03\x04 not numpy'), 'corrupt'],
    ['version 4', npyFile(header, new Uint8Array(4), 4), 'unsupported'],
    ['no data', npyFile(header, new Uint8Array()), 'truncated'],
    ['too little data', npyFile(header, new Uint8Array(3)), 'truncated'],
    ['too much data', npyFile(header, new Uint8Array(5)), 'trailing-bytes'],
    ['half a header', npyFile(header).subarray(0, 30), 'truncated'],
    ['Fortran order', npyFile(header.replace('False', 'True').replace('4,', '2, 2')), 'unsupported'],
    ['big-endian numbers', npyFile(header.replace('|u1', '>f4').replace('4', '1')), 'unsupported'],
    ['pickled objects', npyFile(header.replace('|u1', '|O')), 'unsupported'],
    ['records', npyFile(header.replace("'|u1'", "[('a', '<f4')]")), 'unsupported'],
    ['a negative size', npyFile(header.replace('4', '-4')), 'corrupt'],
    ['a size beyond measure', npyFile(header.replace('4', '9'.repeat(30))), 'corrupt'],
    ['an enormous size', npyFile(header.replace('4,', '4, 1000000000000')), 'truncated'],
    ['a number for a shape', npyFile(header.replace('(4,)', '(4)')), 'corrupt'],
    ['a key twice', npyFile(header.replace('}', "'shape': (4,)}")), 'corrupt'],
    ['a key too many', npyFile(header.replace('}', "'more': 1}")), 'corrupt'],
    ['code in its header', npyFile(header.replace('(4,)', '__import__("os")')), 'corrupt'],
    ['something after the header', npyFile(header.replace('}', '} 1')), 'corrupt'],
    ['deep nesting', npyFile('('.repeat(5000)), 'corrupt'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeNpy(bytes)).toThrow(expect.objectContaining({ name: 'DatasetError', code }));
  });

  test('never fails in another way than DatasetError', () => {
    const valid = Object.values(EXAMPLES).map(encodeNpy);
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.nat(), fc.uint8Array({ maxLength: 6 }), (bytes, at, put) => {
        const mutated = Uint8Array.from(bytes);
        mutated.set(
          put.subarray(0, Math.max(0, mutated.length - (at % mutated.length))),
          at % mutated.length,
        );
        expectOnlyDatasetError(() =>
          decodeNpy(mutated.subarray(0, at % 3 === 0 ? at % mutated.length : undefined)),
        );
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasMagic) => {
        expectOnlyDatasetError(() =>
          decodeNpy(hasMagic ? Buffer.concat([formatNpyHeader({ descr: '<f4', shape: [3] }), bytes]) : bytes),
        );
      }),
    );
  });
});

function expectOnlyDatasetError(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DatasetError);
  }
}

describe('encodeNpz and decodeNpz', () => {
  test('bring back every archive, names and order too', async () => {
    const back = await decodeNpz(await encodeNpz(EXAMPLES), { canonical: true });
    expect([...back.keys()]).toEqual(Object.keys(EXAMPLES));
    expect(Object.fromEntries(back)).toEqual(EXAMPLES);
  });

  test('equal entries give the bytes that they always gave', async () => {
    const small = {
      kind: npyText('balls'),
      b: { dtype: 'u1', shape: [3], data: Uint8Array.of(1, 2, 3) },
    } as const;
    const bytes = Buffer.from(await encodeNpz(small));
    expect(bytes.toString('base64')).toBe(GOLDEN);
    expect(Object.fromEntries(await decodeNpz(Buffer.from(GOLDEN, 'base64')))).toEqual(small);
  });

  test('a change of any byte is noticed', async () => {
    const bytes = await encodeNpz({ radius: { dtype: 'f8', shape: [2], data: Float64Array.of(1, 2) } });
    for (let i = 0; i < bytes.length; i++) {
      const changed = Uint8Array.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      await expect(decodeNpz(changed, { canonical: true }), `byte ${i}`).rejects.toThrow(DatasetError);
    }
  });

  test('a cut anywhere is noticed', async () => {
    const bytes = await encodeNpz({ radius: { dtype: 'f4', shape: [2], data: Float32Array.of(1, 2) } });
    for (let end = 0; end < bytes.length; end++) {
      await expect(decodeNpz(bytes.subarray(0, end)), `cut at ${end}`).rejects.toThrow(DatasetError);
    }
  });

  test('what inflates to more than is allowed is refused', async () => {
    const bytes = await encodeNpz({ big: { dtype: 'u1', shape: [5000], data: new Uint8Array(5000) } });
    await expect(decodeNpz(bytes, { maxBytes: 5000 })).rejects.toMatchObject({ code: 'too-large' });
  });

  test('random damage never fails in another way than DatasetError', async () => {
    const bytes = await encodeNpz(EXAMPLES);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        async (at, put) => {
          const changed = Uint8Array.from(bytes);
          changed.set(put.subarray(0, changed.length - at), at);
          try {
            await decodeNpz(changed);
          } catch (error) {
            expect(error).toBeInstanceOf(DatasetError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe.skipIf(!hasNumpy)('numpy itself', () => {
  const python = (script: string, ...args: string[]): string =>
    execFileSync('python3', ['-c', script, ...args], { encoding: 'utf8' });

  test('reads our archives and writes the same bytes for every array', async () => {
    await using folder = await TempFolder.create();
    const path = await folder.file('ours.npz', await encodeNpz(EXAMPLES));
    const script = `
import sys, io, zipfile, numpy
archive, raw = numpy.load(sys.argv[1]), zipfile.ZipFile(sys.argv[1])
for name in archive:
    out = io.BytesIO()
    numpy.save(out, archive[name])
    same = out.getvalue() == raw.read(name + '.npy')
    print(name, archive[name].dtype, archive[name].shape, archive[name].tolist(), same)`;
    expect(python(script, path).trimEnd().split('\n')).toEqual([
      'kind <U5 () balls True',
      "names <U4 (2,) ['ℓ∞ 🎈', ''] True",
      'bytes uint8 (2, 3) [[0, 1, 127], [128, 254, 255]] True',
      'counts int32 (2,) [-2147483648, 2147483647] True',
      'wide int64 () -9223372036854775808 True',
      'floats float32 (1, 2, 1) [[[0.10000000149011612], [-0.0]]] True',
      'doubles float64 (3,) [0.1, inf, 5e-324] True',
      'none float32 (0, 7) [] True',
    ]);
  });

  test('writes archives that we read, packed or not', async () => {
    await using folder = await TempFolder.create();
    const script = `
import sys, numpy
arrays = dict(a=numpy.arange(6, dtype='f4').reshape(2, 3), kind=numpy.array('halfspaces'), n=numpy.int64(-5))
numpy.savez(sys.argv[1] + '/plain.npz', **arrays)
numpy.savez_compressed(sys.argv[1] + '/packed.npz', **arrays)`;
    python(script, folder.path);
    for (const name of ['plain', 'packed']) {
      const arrays = await decodeNpz(await readFile(`${folder.path}/${name}.npz`));
      expect(Object.fromEntries(arrays)).toEqual({
        a: { dtype: 'f4', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
        kind: npyText('halfspaces'),
        n: { dtype: 'i8', shape: [], data: BigInt64Array.of(-5n) },
      });
    }
  });
});

const GOLDEN =
  'UEsDBBQAAAgAAAAAIQAEM8JqlAAAAJQAAAAIAAAAa2luZC5ucHmTTlVNUFkBAHYAeydkZXNjcic6ICc8VTUnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCmIAAABhAAAAbAAAAGwAAABzAAAAUEsDBBQAAAgAAAAAIQAq446xgwAAAIMAAAAFAAAAYi5ucHmTTlVNUFkBAHYAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgECA1BLAQI/AxQAAAgAAAAAIQAEM8JqlAAAAJQAAAAIAAAAAAAAAAAAAAC0gQAAAABraW5kLm5weVBLAQI/AxQAAAgAAAAAIQAq446xgwAAAIMAAAAFAAAAAAAAAAAAAAC0gboAAABiLm5weVBLBQYAAAAAAgACAGkAAABgAQAAAAA=';
