import { byteMatrix } from '../../testing/samples.js';
import { openDawn } from '../process/dawn.js';
import { Operations } from '../process/operations.js';
import { KernelRunner } from '../process/runner.js';

/**
 * Does what a device process does, counts the buffers that are made and not destroyed, and tells its parent: after a
 * first round of work, after more of it with larger tiles, and once the matrix is gone.
 */
const { maxBufferBytes } = await openDawn(process.argv[2]);
const alive = new Set<GPUBuffer>();
const runner = new KernelRunner('webgpu');
const operations = new Operations(runner, maxBufferBytes);

const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (descriptor) {
  const buffer = createBuffer.call(this, descriptor);
  const { destroy } = buffer;
  alive.add(buffer);
  buffer.destroy = () => {
    alive.delete(buffer);
    return destroy.call(buffer);
  };
  return buffer;
};

const [rows, columns] = [120, 16];
const { data } = byteMatrix(1, rows, columns);
await operations.do({ op: 'load', matrix: 1, dtype: 'u1', rows, columns });
await operations.do({ op: 'append', matrix: 1, rows, data });
/** Of single distances and of pairs; what counts keep is of other sizes, and stays with their kernels. */
const tileSizes = [4 * rows * rows, 8 * rows * rows];
const counts = [await round(10)];
for (const size of [20, 40, 80, 120]) await round(size);
counts.push(alive.size);
if (![...alive].some(({ size }) => tileSizes.includes(size))) throw new Error('there is no tile to look for');
await operations.do({ op: 'unload', matrix: 1 });
counts.push([...alive].filter(({ size }) => tileSizes.includes(size)).length);
process.send?.(counts, () => process.exit());

async function round(size: number): Promise<number> {
  const tile = { points: 1, start: 0, end: size } as const;
  for (const slot of [0, 1] as const) {
    await operations.do({ op: 'radii', ...tile, distance: 'l1', slot, k: 5 });
    await operations.do({ op: 'lists', ...tile, distance: 'squared-l2', slot, count: 5 });
  }
  return alive.size;
}
