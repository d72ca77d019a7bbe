import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatasetError } from '../dataset-error.js';
import { MAX_ROWS, requireRows } from '../readers/row-source.js';
import type { AddedDataset, DatasetStore } from '../store/dataset-store.js';
import { standardNormal } from './standard-normal.js';

const MIN_TEST_ROWS = 1000;
const CHUNK_VALUES = 1 << 16;
const MAX_SEED = 2 ** 32 - 1;
/** Beyond, float32 would turn numbers into zeros, or rows' squares into infinities. */
const [LEAST_VARIANCE, MOST_VARIANCE] = [1e-28, 1e28];

export interface GaussianOptions {
  readonly name: string;
  /** d, the number of coordinates. */
  readonly dimension: number;
  /** Training rows. */
  readonly samples: number;
  /** Test rows, drawn besides; by default max(1000, floor(samples/4)). */
  readonly testSamples?: number | undefined;
  /** Σ = diag(variances): one for each coordinate, or one for all; 1 by default. */
  readonly variances?: readonly number[] | undefined;
  /** 0…2³²−1. */
  readonly seed: number;
}

export interface GaussianRun {
  /** Called with the numbers drawn so far and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds a sample of N(0, diag(variances)) to the store, as float32, training rows first, then test rows, all from one
 * sequence of `standardNormal(seed)`: coordinate j of a row is √variances[j] times the next number. Its h is known
 * (`gaussianConcentration`).
 * @throws DatasetError `bad-option` for numbers that make no sense.
 */
export async function syntheticGaussian(
  store: DatasetStore,
  options: GaussianOptions,
  { onProgress, signal }: GaussianRun = {},
): Promise<AddedDataset> {
  store.checkName(options.name);
  const { name, dimension, samples, seed } = options;
  const testSamples = options.testSamples ?? Math.max(MIN_TEST_ROWS, Math.floor(samples / 4));
  requireWhole('dimension', dimension, 1, 2 ** 24);
  requireWhole('samples', samples, 1, MAX_ROWS);
  requireWhole('testSamples', testSamples, 1, MAX_ROWS);
  requireWhole('seed', seed, 0, MAX_SEED);
  requireRows([samples, dimension], name);
  const variances = variancesOf(dimension, options.variances);
  const total = (samples + testSamples) * dimension;
  let drawn = 0;
  const next = standardNormal(seed);
  const deviations = Float64Array.from(variances, Math.sqrt);
  async function* draw(rows: number): AsyncGenerator<Uint8Array> {
    const values = rows * dimension;
    for (let start = 0; start < values; start += CHUNK_VALUES) {
      signal?.throwIfAborted();
      const chunk = new Float32Array(Math.min(CHUNK_VALUES, values - start));
      for (let i = 0; i < chunk.length; i++) chunk[i] = (deviations[(start + i) % dimension] ?? 0) * next();
      drawn += chunk.length;
      onProgress?.(drawn, total);
      yield new Uint8Array(chunk.buffer);
      await nextTurn();
    }
  }
  return store.add(
    { train: { rows: draw(samples) }, test: { rows: draw(testSamples) } },
    {
      name,
      dtype: 'f4',
      scale: 1,
      shape: [dimension],
      distribution: { kind: 'gaussian', variances: [...variances], seed },
      source: `Drawn from N(0, Σ), Σ diagonal, in ${dimension} dimensions with seed ${seed}`,
    },
  );
}

function variancesOf(dimension: number, given: readonly number[] = [1]): readonly number[] {
  const variances = given.length === 1 ? Array.from({ length: dimension }, () => given[0] ?? 1) : given;
  if (variances.length !== dimension) {
    throw new DatasetError(
      'bad-option',
      `${given.length} variances for ${dimension} dimensions; give one, or one for each`,
      { option: 'variances' },
    );
  }
  const wrong = variances.find((variance) => !(variance >= LEAST_VARIANCE && variance <= MOST_VARIANCE));
  if (wrong !== undefined) {
    throw new DatasetError(
      'bad-option',
      `a variance of ${wrong} is not a number from ${LEAST_VARIANCE} to ${MOST_VARIANCE}`,
      { option: 'variances' },
    );
  }
  return variances;
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new DatasetError('bad-option', `${name} ${value} is not a whole number from ${low} to ${high}`, {
    option: name,
  });
}
