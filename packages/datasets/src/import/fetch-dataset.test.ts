import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cifarFile, idxFile, someBytes, tarFile } from '../test-support/file-bytes.js';
import { TempStore } from '../test-support/temp-store.js';
import { fetchDataset, fetchOriginal } from './fetch-dataset.js';
import { ORIGINALS, type Original } from './originals.js';

let temp: TempStore;
let empty: string[];
beforeEach(async () => {
  temp = await TempStore.create();
  empty = await temp.data.files();
});
afterEach(() => temp[Symbol.asyncDispose]());

const IDX_FILES: Readonly<Record<string, Buffer>> = {
  'train-images-idx3-ubyte.gz': gzipSync(idxFile([3, 2, 2], someBytes(12))),
  'train-labels-idx1-ubyte.gz': gzipSync(idxFile([3], Uint8Array.of(1, 2, 3))),
  't10k-images-idx3-ubyte.gz': gzipSync(idxFile([2, 2, 2], someBytes(8, 2))),
  't10k-labels-idx1-ubyte.gz': gzipSync(idxFile([2], Uint8Array.of(4, 5))),
};

const CIFAR_NAMES = [
  'data_batch_1',
  'data_batch_2',
  'data_batch_3',
  'data_batch_4',
  'data_batch_5',
  'test_batch',
];
const CIFAR_MEMBERS = CIFAR_NAMES.map((name) => `cifar-10-batches-bin/${name}.bin`);

/** A small data set described as the well-known ones are. */
function original(files: Readonly<Record<string, Buffer>>, rest: Partial<Original> = {}): Original {
  const described = Object.entries(files).map(([name, bytes]) => {
    return { name, md5: createHash('md5').update(bytes).digest('hex'), bytes: bytes.length };
  });
  return { name: 'mnist', source: 'a test', baseUrls: [], files: described, ...rest };
}

/** Serves files on loopback; what is a number is answered as that status. Dispose it. */
async function serve(
  files: Readonly<Record<string, Buffer | number>>,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const file = files[(request.url ?? '').replace('/files/', '')];
    if (typeof file === 'object') response.end(file);
    else response.writeHead(file ?? 404).end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/files`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('fetching', () => {
  test('downloads, checks and imports, telling how far it is', async () => {
    await using server = await serve(IDX_FILES);
    const seen: string[] = [];
    const { dataset, created } = await fetchOriginal(temp.store, original(IDX_FILES), {
      baseUrl: server.url,
      onProgress: (done, total, phase) => seen.push(`${phase} ${done}/${total}`),
    });
    expect(created).toBe(true);
    expect(dataset).toMatchObject({ id: 'mnist', source: 'a test', shape: [2, 2], labels: { classes: 6 } });
    const bytes = Object.values(IDX_FILES).reduce((sum, file) => sum + file.length, 0);
    expect(seen).toContain(`download ${bytes}/${bytes}`);
    expect(seen.at(-1)).toBe(`import ${bytes}/${bytes}`);
    expect((await temp.data.files()).filter((name) => name.startsWith('tmp'))).toEqual([]);
  });

  test('takes what it needs out of an archive, and nothing else', async () => {
    const members = Object.fromEntries(CIFAR_MEMBERS.map((name, i) => [name, cifarFile([i], i)]));
    const archive = gzipSync(
      tarFile({ '../../evil': someBytes(700), ...members, 'readme.html': someBytes(5) }),
    );
    const files = { 'cifar-10-binary.tar.gz': archive };
    await using server = await serve(files);
    const cifar = original(files, { name: 'cifar-10', members: CIFAR_MEMBERS });
    await fetchOriginal(temp.store, cifar, { baseUrl: server.url });
    const { dataset, train } = await temp.store.load('cifar-10');
    expect(train.data.subarray(3072, 6144)).toEqual(someBytes(3072, 1));
    expect((await temp.store.loadLabels(dataset))?.test).toEqual(Uint8Array.of(5));
    expect((await temp.data.files()).filter((name) => /evil|readme|tmp/.test(name))).toEqual([]);
  });

  test('goes on to the next address when one fails', async () => {
    await using broken = await serve({});
    await using wrong = await serve({ ...IDX_FILES, 'train-labels-idx1-ubyte.gz': Buffer.from('changed') });
    await using right = await serve(IDX_FILES);
    const baseUrls = [broken.url, wrong.url, right.url];
    expect((await fetchOriginal(temp.store, original(IDX_FILES, { baseUrls }), {})).created).toBe(true);
  });

  test.each([
    ['a changed file', { 't10k-images-idx3-ubyte.gz': Buffer.from('changed') }, 'wrong-digest', /MD5/],
    ['a missing file', { 't10k-images-idx3-ubyte.gz': 404 }, 'download-failed', /t10k-images.* answered 404/],
    ['a fault of the server', { 't10k-images-idx3-ubyte.gz': 503 }, 'download-failed', /503/],
  ])('%s leaves nothing behind', async (_, change, code, detail) => {
    await using server = await serve({ ...IDX_FILES, ...change });
    await expect(
      fetchOriginal(temp.store, original(IDX_FILES), { baseUrl: server.url }),
    ).rejects.toMatchObject({ code, detail: expect.stringMatching(detail) });
    expect(await temp.data.files()).toEqual(empty);
  });

  test('an archive that is cut or lacks a member leaves nothing behind', async () => {
    const members = Object.fromEntries(CIFAR_MEMBERS.map((name, i) => [name, cifarFile([i], i)]));
    const { [CIFAR_MEMBERS[3] ?? '']: _, ...lacking } = members;
    const damaged = tarFile(members);
    damaged[600] = (damaged[600] ?? 0) ^ 1;
    damaged[4200] = (damaged[4200] ?? 0) ^ 1; // in the second header
    for (const [tar, code] of [
      [tarFile(lacking), 'not-found'],
      [tarFile(members).subarray(0, 5000), 'truncated'],
      [damaged, 'corrupt'],
    ] as const) {
      const files = { 'cifar-10-binary.tar.gz': gzipSync(tar) };
      await using server = await serve(files);
      const cifar = original(files, { name: 'cifar-10', members: CIFAR_MEMBERS });
      await expect(fetchOriginal(temp.store, cifar, { baseUrl: server.url })).rejects.toMatchObject({ code });
      expect(await temp.data.files()).toEqual(empty);
    }
  });

  test('nobody listening is a failed download', async () => {
    const { url } = await (async () => {
      await using server = await serve({});
      return { url: server.url };
    })();
    await expect(fetchDataset(temp.store, 'mnist', { baseUrl: url })).rejects.toMatchObject({
      code: 'download-failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await temp.data.files()).toEqual(empty);
  });

  test('stops when it is aborted', async () => {
    await using server = await serve(IDX_FILES);
    const stop = new AbortController();
    const options = {
      baseUrl: server.url,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    };
    await expect(fetchOriginal(temp.store, original(IDX_FILES), options)).rejects.toThrow('enough');
    expect(await temp.data.files()).toEqual(empty);
  });

  test('another name is refused with those that there are', async () => {
    await expect(fetchDataset(temp.store, 'imagenet')).rejects.toThrow(/mnist, fashion-mnist, cifar-10 can/);
  });
});

test('every address is HTTPS and every digest an MD5', () => {
  for (const { baseUrls, files } of ORIGINALS) {
    for (const url of baseUrls) expect(url).toMatch(/^https:\/\/.*\/$/);
    for (const { md5 } of files) expect(md5).toMatch(/^[0-9a-f]{32}$/);
  }
});
