import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetStore } from '@levy/datasets';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent } from '../testing/bench.js';
import { carryOutInChild } from './import-child.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'levy-import-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test('what takes more memory than there is, is refused; the next one is taken', async () => {
  const store = await DatasetStore.open(dataDir);
  const never = new AbortController().signal;
  {
    await using scratch = await store.blobs.scratch();
    const path = join(scratch.path, 'long.csv');
    // Labels of rows whose number is not known before their end are held.
    await writeFile(
      path,
      Array.from({ length: 1_000_000 }, (_, i) => `${i % 7},class-${i % 200}\n`).join(''),
    );
    const order = (rows: number) => ({
      dataDir,
      tempFolder: join(scratch.path, `store-${rows}`),
      work: {
        kind: 'import' as const,
        options: { name: 'long', from: [path], testLast: rows, labelColumn: '1', maxBytes: 2 ** 30 },
      },
    });
    expect(
      await carryOutInChild(order(1), { signal: never, logger: silent, heapMegabytes: 20 }),
    ).toMatchObject({
      type: 'refused',
      code: 'too-large',
      detail: expect.stringContaining('memory'),
    });
    expect(await carryOutInChild(order(2), { signal: never, logger: silent })).toMatchObject({
      type: 'added',
      dataset: { labels: { classes: 200 } },
    });
  }
  expect(await readdir(store.blobs.tempFolder)).toEqual([]);
});

test('an order that is none is our own fault, and is told as such', async () => {
  const work = {
    kind: 'gaussian',
    options: { name: 'g', dimension: 1, samples: 1, seed: Number.NaN },
  } as const;
  const outcome = await carryOutInChild(
    { dataDir, tempFolder: join(dataDir, 'tmp'), work },
    { signal: new AbortController().signal, logger: silent },
  );
  expect(outcome).toMatchObject({ type: 'failed', detail: expect.stringContaining('no order') });
});
