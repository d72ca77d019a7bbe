import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawDistinct, generatorFor } from '@levy/datasets';
import type { Workbench } from './command.js';

/**
 * Imports a small data set as "mnist": 300 training and 100 test rows of 6 × 6, as IDX files. Random bytes, or all of
 * them `value`.
 */
export async function importTinyMnist(bench: Workbench, value?: number): Promise<void> {
  const folder = join(bench.folder, 'mnist-files');
  await mkdir(folder);
  for (const [part, rows] of [
    ['train', 300],
    ['t10k', 100],
  ] as const) {
    const count = rows * 36;
    const pixels = value === undefined ? randomBytes(part, count) : new Uint8Array(count).fill(value);
    await writeFile(join(folder, `${part}-images-idx3-ubyte`), [idx([rows, 6, 6]), pixels]);
    await writeFile(join(folder, `${part}-labels-idx1-ubyte`), [idx([rows]), new Uint8Array(rows)]);
  }
  await imported(bench, 'mnist', folder);
}

/** As "cifar-10": 5 batches of 30 training rows and 50 test rows of 3072 random bytes. */
export async function importTinyCifar(bench: Workbench): Promise<void> {
  const folder = join(bench.folder, 'cifar-files');
  await mkdir(folder);
  const files = [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, 30] as const);
  for (const [file, rows] of [...files, ['test_batch.bin', 50] as const]) {
    const bytes = randomBytes(file, rows * 3073);
    for (let row = 0; row < rows; row++) bytes[row * 3073] = 0;
    await writeFile(join(folder, file), bytes);
  }
  await imported(bench, 'cifar-10', folder);
}

async function imported(bench: Workbench, name: string, folder: string): Promise<void> {
  const { exitCode, stderr } = await bench.run(['datasets', 'import', name, '--from', folder]);
  if (exitCode !== 0) throw new Error(stderr);
}

/** Bytes that depend on `purpose` alone. */
function randomBytes(purpose: string, count: number): Uint8Array {
  return Uint8Array.from(drawDistinct(2 ** 20, count, generatorFor(purpose)), (value) => value % 256);
}

/** Header of an IDX file of bytes. */
function idx(shape: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  for (const [axis, size] of shape.entries()) header.setUint32(4 + 4 * axis, size);
  return new Uint8Array(header.buffer);
}
