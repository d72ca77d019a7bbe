import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { someBytes } from '../test-support/file-bytes.js';
import { TempFolder } from '../test-support/temp-store.js';
import { BlobStore, CorruptBlobError } from './blob-store.js';

let folder: TempFolder;
let blobs: BlobStore;
beforeEach(async () => {
  folder = await TempFolder.create();
  blobs = await BlobStore.open(folder.path);
});
afterEach(() => folder[Symbol.asyncDispose]());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

describe('put', () => {
  test.each([0, 1, 1000, (1 << 20) - 1, 1 << 20, 3_000_001])(
    'keeps %i bytes, whole or streamed',
    async (length) => {
      const bytes = someBytes(length);
      const stored = await blobs.put(bytes);
      expect(stored).toEqual({ sha256: sha256(bytes), bytes: length });
      expect(await blobs.put(chunked(bytes, 70_001))).toEqual(stored);
      const back = await blobs.get(stored.sha256);
      expect(back !== undefined && Buffer.compare(back, bytes) === 0).toBe(true);
      expect(await folder.files()).toEqual([
        join('blobs', stored.sha256.slice(0, 2), stored.sha256.slice(2)),
      ]);
    },
  );

  test('does not write the same bytes again', async () => {
    const { sha256: digest } = await blobs.put(someBytes(10));
    await utimes(blobs.pathOf(digest), 1, 1);
    await blobs.put(someBytes(10));
    expect((await stat(blobs.pathOf(digest))).mtimeMs).toBe(1000);
  });

  test('mends a blob that was cut short', async () => {
    const { sha256: digest } = await blobs.put(someBytes(10));
    await writeFile(blobs.pathOf(digest), 'short');
    await blobs.put(someBytes(10));
    expect(await blobs.get(digest)).toEqual(someBytes(10));
  });

  test('leaves nothing of a stream that fails', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield someBytes(2_000_000);
      throw new Error('the source broke');
    }
    await expect(blobs.put(failing())).rejects.toThrow('the source broke');
    expect(await folder.files()).toEqual([]);
  });

  test('keeps one copy of what many write at once', async () => {
    const bytes = someBytes(100_000);
    await Promise.all(Array.from({ length: 8 }, () => blobs.put(bytes)));
    expect(await folder.files()).toHaveLength(1);
    expect(await blobs.get(sha256(bytes))).toEqual(bytes);
  });
});

describe('get, has and delete', () => {
  test('answer for what is not there', async () => {
    const absent = 'a'.repeat(64);
    expect(await blobs.get(absent)).toBeUndefined();
    expect(await blobs.open(absent)).toBeUndefined();
    expect(await blobs.has(absent)).toBe(false);
    await blobs.delete(absent);
  });

  test('a blob is gone once deleted', async () => {
    const { sha256: digest } = await blobs.put(someBytes(5));
    expect(await blobs.has(digest)).toBe(true);
    await blobs.delete(digest);
    expect(await blobs.get(digest)).toBeUndefined();
  });

  test('changed and shortened bytes are never trusted', async () => {
    const { sha256: digest } = await blobs.put(someBytes(1000));
    const path = blobs.pathOf(digest);
    const changed = await readFile(path);
    changed[500] = (changed[500] ?? 0) ^ 1;
    await writeFile(path, changed);
    await expect(blobs.get(digest)).rejects.toThrow(CorruptBlobError);
    await expect(blobs.get(digest)).rejects.toThrow(digest);
    await writeFile(path, changed.subarray(0, 999));
    await expect(blobs.get(digest)).rejects.toThrow(CorruptBlobError);
  });

  test.each(['../../etc/passwd', '', 'A'.repeat(64), `${'a'.repeat(63)}/`])(
    '%j is no digest',
    async (name) => {
      await expect(blobs.get(name)).rejects.toThrow(RangeError);
      await expect(blobs.delete(name)).rejects.toThrow(RangeError);
    },
  );
});

describe('open', () => {
  test.each([
    [{}, 0, 1000],
    [{ start: 10 }, 10, 1000],
    [{ start: 10, end: 20 }, 10, 20],
    [{ end: 1 }, 0, 1],
    [{ start: 999, end: 1000 }, 999, 1000],
    [{ start: 500, end: 500 }, 500, 500],
    [{ start: 1000 }, 1000, 1000],
  ])('streams the range %j', async (range, start, end) => {
    const bytes = someBytes(1000);
    const opened = await blobs.open((await blobs.put(bytes)).sha256, range);
    expect(opened?.size).toBe(1000);
    const read = opened === undefined ? undefined : new Uint8Array(await buffer(opened.stream));
    expect(read).toEqual(bytes.slice(start, end));
  });

  test.each([{ start: -1 }, { end: 1001 }, { start: 5, end: 4 }, { start: 0.5 }])(
    'refuses %j',
    async (range) => {
      const { sha256: digest } = await blobs.put(someBytes(1000));
      await expect(blobs.open(digest, range)).rejects.toThrow(RangeError);
    },
  );
});

test('opening the store removes what dead processes left, and nothing else', async () => {
  const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
  const temp = join(folder.path, 'tmp');
  const dead = 2 ** 22 + 1; // above the largest process id
  await writeFile(join(temp, `${host}.${dead}.aa.tmp`), 'dead');
  await mkdir(join(temp, `${host}.${dead}.bb.tmp`));
  await writeFile(join(temp, `${host}.${dead}.bb.tmp`, 'part'), 'dead');
  await writeFile(join(temp, `${host}.${process.ppid}.aa.tmp`), 'another process that lives');
  await writeFile(join(temp, `elsewhere.1.aa.tmp`), 'another host, new');
  await writeFile(join(temp, `elsewhere.2.aa.tmp`), 'another host, old');
  await utimes(join(temp, `elsewhere.2.aa.tmp`), 1, 1);
  await using writer = await blobs.writer();
  await writer.write(someBytes(10));
  await BlobStore.open(folder.path);
  await writer.publish();
  expect(await blobs.has(sha256(someBytes(10)))).toBe(true);
  expect((await folder.files()).filter((name) => name.startsWith('tmp'))).toEqual(
    [join('tmp', 'elsewhere.1.aa.tmp'), join('tmp', `${host}.${process.ppid}.aa.tmp`)].sort(),
  );
});

test('a scratch folder takes writes of its own store and goes with all that is in it', async () => {
  const scratch = await blobs.scratch();
  const own = await BlobStore.open(folder.path, join(scratch.path, 'tmp'));
  const stored = await own.put(someBytes(10));
  const abandoned = await own.writer();
  await abandoned.write(someBytes(20));
  await abandoned.finish();
  expect(await folder.files()).toHaveLength(2);
  await scratch[Symbol.asyncDispose]();
  expect(await folder.files()).toEqual([join('blobs', stored.sha256.slice(0, 2), stored.sha256.slice(2))]);
  expect(await blobs.has(stored.sha256)).toBe(true);
});
