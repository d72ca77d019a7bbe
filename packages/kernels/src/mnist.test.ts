import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Distance } from './engine.js';
import type { Matrix } from './matrix.js';
import { at } from './reference/at.js';
import { randomNumbers } from './testing/samples.js';
import { createWasmEngine } from './wasm/wasm-engine.js';

const folder = process.env['LEVY_TEST_DATA'];
const whole = process.env['LEVY_SLOW'] === '1';
const rows = whole ? 60_000 : 6_000;
const asked = whole ? 500 : 100;
const name = folder
  ? `radii of ${rows} rows of MNIST${whole ? '' : ' (LEVY_SLOW=1 takes all 60000)'}`
  : 'radii of MNIST: SKIPPED, set LEVY_TEST_DATA to a folder that holds mnist/train-images-idx3-ubyte.gz';

describe.skipIf(!folder)(name, () => {
  it.each(['l1', 'squared-l2'] as const)(
    `equal brute force in float64 on ${asked} rows: %s, k = 50`,
    async (distance) => {
      const matrix = await readImages(join(folder ?? '', 'mnist', 'train-images-idx3-ubyte.gz'));
      await using engine = await createWasmEngine();
      using points = await engine.load(matrix);
      const radii = await engine.neighbourRadii(points, distance, 50);
      const random = randomNumbers(2026);
      for (let n = 0; n < asked; n++) {
        const row = Math.floor(random() * rows);
        expect([row, at(radii, row)]).toEqual([row, bruteForce(matrix, row, distance, 50)]);
      }
    },
    600_000,
  );
});

/** The first rows of an IDX file: after 16 bytes of header, 784 bytes an image. */
async function readImages(file: string): Promise<Matrix & { dtype: 'u1' }> {
  const bytes = gunzipSync(await readFile(file));
  expect(bytes.readUInt32BE(0)).toBe(0x803);
  expect(bytes.length).toBe(16 + 60_000 * 784);
  return { dtype: 'u1', rows, columns: 784, data: bytes.subarray(16, 16 + rows * 784) };
}

function bruteForce(
  { data, columns }: Matrix & { dtype: 'u1' },
  row: number,
  distance: Distance,
  k: number,
): number {
  const x = data.subarray(row * columns, (row + 1) * columns);
  const distances = Float64Array.from({ length: rows }, (_, i) => {
    const start = i * columns;
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      const apart = (x[j] ?? 0) - (data[start + j] ?? 0);
      sum += distance === 'l1' ? Math.abs(apart) : apart * apart;
    }
    return sum;
  });
  return at(distances.sort(), k - 1);
}
