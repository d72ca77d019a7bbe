import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { TempFolder, TempStore } from '../test-support/temp-store.js';
import { fetchDataset } from './fetch-dataset.js';
import { importDataset } from './import-dataset.js';
import { ORIGINALS } from './originals.js';

const folder = process.env['LEVY_TEST_DATA'];
if (folder === undefined)
  console.warn('SKIPPED: imports of whole MNIST and CIFAR-10, because LEVY_TEST_DATA is not set');
const hasXz = spawnSync('xz', ['--version']).status === 0;

const digestOf = (name: string): string | undefined => ORIGINALS.find((each) => each.name === name)?.digest;

describe.skipIf(folder === undefined)('the real originals', () => {
  test('MNIST: 60000 and 10000 rows of 28×28, in little memory', async () => {
    await using temp = await TempStore.create();
    const before = process.resourceUsage().maxRSS;
    const { dataset } = await importDataset(temp.store, {
      name: 'mnist',
      from: [join(folder ?? '', 'mnist')],
    });
    // The peak, in KiB: streaming needs far less than a few times the 47 MB of the rows.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
    expect(dataset).toMatchObject({
      digest: digestOf('mnist'),
      shape: [28, 28],
      columns: 784,
      splits: { train: { rows: 60000, bytes: 47_040_000 }, test: { rows: 10000 } },
      labels: { classes: 10 },
      source: expect.stringContaining('LeCun'),
    });
    const { train } = await temp.store.load(dataset);
    const labels = await temp.store.loadLabels(dataset);
    // Well-known facts: the mean pixel is 0.1307, the first digits are 5 0 4 1 9, there are 5923 zeros.
    let sum = 0;
    for (const value of train.data) sum += value;
    expect(sum / train.data.length / 255).toBeCloseTo(0.1307, 4);
    expect(Array.from(labels?.train.subarray(0, 5) ?? [])).toEqual([5, 0, 4, 1, 9]);
    expect(labels?.train.reduce((count, label) => count + (label === 0 ? 1 : 0), 0)).toBe(5923);
  }, 60_000);

  test('MNIST comes whole through a download', async () => {
    await using temp = await TempStore.create();
    const server = createServer((request, response) => {
      createReadStream(join(folder ?? '', 'mnist', basename(request.url ?? ''))).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const { dataset } = await fetchDataset(temp.store, 'mnist', { baseUrl: `http://127.0.0.1:${port}` });
      expect(dataset.digest).toBe(digestOf('mnist'));
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }, 60_000);

  test.skipIf(!hasXz)(
    'CIFAR-10: 50000 and 10000 rows of 3×32×32, 5000 of each class',
    async () => {
      await using unpacked = await TempFolder.create();
      const from = join(folder ?? '', 'cifar-10');
      for (const name of await readdir(from)) {
        if (!name.endsWith('.bin.xz')) continue;
        const xz = spawn('xz', ['-dkc', join(from, name)], { stdio: ['ignore', 'pipe', 'inherit'] });
        await pipeline(xz.stdout, createWriteStream(join(unpacked.path, name.slice(0, -3))));
      }
      await using temp = await TempStore.create();
      const { dataset } = await importDataset(temp.store, { name: 'cifar-10', from: [unpacked.path] });
      expect(dataset).toMatchObject({
        digest: digestOf('cifar-10'),
        shape: [3, 32, 32],
        columns: 3072,
        splits: { train: { rows: 50000 }, test: { rows: 10000 } },
        labels: { classes: 10 },
      });
      const labels = await temp.store.loadLabels(dataset);
      const counts = new Array(10).fill(0);
      for (const label of labels?.train ?? []) counts[label]++;
      expect(counts).toEqual(new Array(10).fill(5000));
    },
    180_000,
  );
});
