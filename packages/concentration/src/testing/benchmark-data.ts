import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DatasetStore, importDataset, type LoadedDataset } from '@levy/datasets';

/** The folder with MNIST and CIFAR-10 originals (mnist/, cifar-10/), where tests may use them. */
export const TEST_DATA = process.env['LEVY_TEST_DATA'];

/** Whether the heavy tests run. */
export const SLOW = process.env['LEVY_SLOW'] === '1';

/** Imports the originals into a store of its own. CIFAR-10 batches may be packed by xz. Remove `folder` afterwards. */
export async function importBenchmark(
  name: 'mnist' | 'cifar-10',
  testData: string,
): Promise<{ data: LoadedDataset; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), `levy-${name}-`));
  const originals = join(folder, 'originals');
  await mkdir(originals);
  for (const file of await readdir(join(testData, name)))
    await cp(join(testData, name, file), join(originals, file));
  const packed = (await readdir(originals)).filter((file) => file.endsWith('.xz'));
  for (const file of packed) await promisify(execFile)('xz', ['-d', join(originals, file)]);
  const store = await DatasetStore.open(join(folder, 'data'));
  await importDataset(store, { name, from: [originals] });
  const data = await store.load(name);
  await rm(originals, { recursive: true });
  return { data, folder };
}
