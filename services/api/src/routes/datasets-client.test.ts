import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LevyClient, LevyProblem } from '@levy/client';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from '../testing/bench.js';
import { JOB } from '../testing/sample-result.js';

let redis: PrivateRedis;
let bench: Bench;
let levy: LevyClient;
beforeAll(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url, 'levy_anna_0123456789abcdef');
  levy = new LevyClient({ baseUrl: bench.url, apiKey: 'levy_anna_0123456789abcdef' });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 5},${i % 2}\n`).join('');

test('the client uploads files and bytes, reads them back, and removes the data set once no job needs it', async () => {
  const path = join(bench.dataDir, 'rows.csv');
  await writeFile(path, rows);
  const dataset = await levy.uploadDataset({
    name: 'uploaded',
    from: [
      { name: 'rows.csv', data: await openAsBlob(path) },
      { name: 'more.csv', data: new TextEncoder().encode(rows) },
    ],
    labels: '-1',
    testLast: 10,
    range: [0, 20],
  });
  expect(dataset).toMatchObject({
    id: 'uploaded',
    valueRange: { low: 0, high: 20 },
    splits: { train: { rows: 30 }, test: { rows: 10 } },
    labels: { classes: 2 },
    source: 'Imported from rows.csv, more.csv',
  });
  expect(await levy.dataset('uploaded')).toEqual(dataset);
  const whole = await levy.datasetContent('uploaded', { digest: dataset.splits.test.sha256 });
  expect(Array.from(new Float32Array(whole.slice().buffer, 0, 4))).toEqual([10, 0, 11, 1]);
  expect(await levy.datasetContent('uploaded', { part: 'test' }, { range: { start: 4, end: 12 } })).toEqual(
    whole.subarray(4, 12),
  );

  const job = await levy.submit({ ...JOB, dataset: 'uploaded' });
  await expect(levy.deleteDataset('uploaded')).rejects.toMatchObject({ code: 'dataset-in-use', status: 409 });
  await levy.cancel(job.id);
  await levy.deleteDataset('uploaded');
  await expect(levy.dataset('uploaded')).rejects.toBeInstanceOf(LevyProblem);
});

test('the client has a Gaussian drawn', async () => {
  const body = { kind: 'gaussian', name: 'drawn', dimension: 3, samples: 50, seed: 1 } as const;
  const dataset = await levy.createSyntheticDataset(body);
  expect(dataset).toMatchObject({ id: 'drawn', columns: 3, distribution: { variances: [1, 1, 1] } });
  expect(await levy.createSyntheticDataset(body)).toEqual(dataset);
  await expect(levy.createSyntheticDataset({ ...body, seed: 2 })).rejects.toMatchObject({
    code: 'name-taken',
  });
});

test('the client waits where too many are taken in at once', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const all = await Promise.all(
    names.map((name) =>
      levy.uploadDataset({
        name,
        from: [{ name: 'x.csv', data: new TextEncoder().encode(rows) }],
        testLast: 5,
      }),
    ),
  );
  expect(all.map(({ id }) => id)).toEqual(names);
});
