import { doublesOf } from './answers.js';
import { asMemoryError } from './device.js';
import type { GpuMatrix } from './gpu-matrix.js';
import type { PassContext } from './pass-context.js';
import { runTiles, unlessAborted } from './tiles.js';

/** Bytes of the products of a row: digits of a direction, each as three numbers. */
const BYTES_PER_DIRECTION = 60;

/** On bytes: w·x of every row with every direction, from exact sums. */
export async function project(
  points: GpuMatrix,
  directions: Float64Array,
  count: number,
  context: PassContext,
): Promise<Float64Array> {
  const { device } = context;
  const products = new Float64Array(points.rows * count);
  if (products.length === 0) return products;
  await runTiles(
    {
      name: 'project',
      start: 0,
      end: points.rows,
      stepsPerRow: count * points.columns,
      bytesPerRow: BYTES_PER_DIRECTION * count,
      rowsPerPart: Number.MAX_SAFE_INTEGER,
      run: async ({ start, end }) => {
        const done = await device.ask({ op: 'project', points: points.number, start, end, directions }, [
          points,
        ]);
        return { answer: doublesOf(done, 0, (end - start) * count), took: done.took };
      },
      take: ({ start }, found) => products.set(found, start * count),
    },
    context,
  );
  return products;
}

/** On bytes: Σ weight · x over the rows, from exact sums; one piece of work, whatever the rows. */
export async function combine(
  points: GpuMatrix,
  weights: Float64Array,
  count: number,
  { device, options }: PassContext,
): Promise<Float64Array> {
  const length = count * points.columns;
  if (length === 0 || points.rows === 0) return new Float64Array(length);
  const asked = device.ask({ op: 'combine', points: points.number, weights, count }, [points]);
  const done = await unlessAborted(asked, options).catch((error: unknown) => {
    throw asMemoryError(error, 'the device has too little memory');
  });
  const steps = points.rows * length;
  options.onProgress?.(steps, steps);
  return doublesOf(done, 0, length);
}
