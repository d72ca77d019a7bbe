import type { Distribution } from '@levy/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TempStore } from '../test-support/temp-store.js';
import { type GaussianOptions, syntheticGaussian } from './gaussian.js';
import { gaussianConcentration } from './gaussian-concentration.js';
import { standardNormal } from './standard-normal.js';

let temp: TempStore;
beforeEach(async () => {
  temp = await TempStore.create();
});
afterEach(() => temp[Symbol.asyncDispose]());

describe('standardNormal', () => {
  test('gives the numbers that it always gave', () => {
    const next = standardNormal(7);
    expect([next(), next(), next()].map((x) => x.toPrecision(12))).toEqual(FIRST_OF_SEED_7);
  });

  test('has the moments and tails of the normal distribution, over seeds that differ little', () => {
    const draws = Array.from({ length: 2000 }, (_, seed) => {
      const next = standardNormal(seed);
      return Array.from({ length: 100 }, next);
    }).flat();
    const mean = (f: (x: number) => number): number => draws.reduce((sum, x) => sum + f(x), 0) / draws.length;
    const se = 1 / Math.sqrt(draws.length);
    expect(Math.abs(mean((x) => x))).toBeLessThan(4 * se);
    expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(4 * Math.SQRT2 * se);
    expect(Math.abs(mean((x) => x ** 3))).toBeLessThan(4 * Math.sqrt(15) * se);
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96) * se);
    expect(Math.abs(mean((x) => (x > 1.959964 ? 1 : 0)) - 0.025)).toBeLessThan(
      4 * Math.sqrt(0.025 * 0.975) * se,
    );
  });

  test('first numbers of neighbouring seeds are independent', () => {
    const first = Array.from({ length: 20_000 }, (_, seed) => standardNormal(seed)());
    const correlation = first.slice(1).reduce((sum, x, i) => sum + x * (first[i] ?? 0), 0) / first.length;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(first.length));
  });
});

describe('syntheticGaussian', () => {
  const options: GaussianOptions = {
    name: 'g',
    dimension: 3,
    samples: 4000,
    variances: [4, 1, 0.25],
    seed: 5,
  };

  test('draws training and test rows with the variances asked for', async () => {
    const { dataset } = await syntheticGaussian(temp.store, options);
    expect(dataset).toMatchObject({
      dtype: 'f4',
      scale: 1,
      shape: [3],
      splits: { train: { rows: 4000 }, test: { rows: 1000 } },
      distribution: { kind: 'gaussian', variances: [4, 1, 0.25], seed: 5 },
    });
    expect(dataset.valueRange).toBeUndefined();
    const { train } = await temp.store.load(dataset);
    for (const [j, variance] of [4, 1, 0.25].entries()) {
      let sum = 0;
      for (let i = 0; i < 4000; i++) sum += (train.data[3 * i + j] ?? 0) ** 2;
      expect(Math.abs(sum / 4000 / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
    }
  });

  test('a seed gives one data set, another seed another', async () => {
    const { dataset } = await syntheticGaussian(temp.store, options);
    expect(await syntheticGaussian(temp.store, options)).toEqual({ dataset, created: false });
    const other = await syntheticGaussian(temp.store, { ...options, name: 'h', seed: 6 });
    expect(other.dataset.digest).not.toBe(dataset.digest);
  });

  test('test rows go on where training rows end', async () => {
    await syntheticGaussian(temp.store, {
      name: 'a',
      dimension: 2,
      samples: 3,
      testSamples: 2,
      seed: 2 ** 32 - 1,
    });
    await syntheticGaussian(temp.store, {
      name: 'b',
      dimension: 2,
      samples: 4,
      testSamples: 1,
      seed: 2 ** 32 - 1,
    });
    const [a, b] = [await temp.store.load('a'), await temp.store.load('b')];
    expect([...a.train.data, ...a.test.data]).toEqual([...b.train.data, ...b.test.data]);
  });

  test('a quarter of the rows besides are test rows where there are many', async () => {
    const { dataset } = await syntheticGaussian(temp.store, {
      name: 'a',
      dimension: 1,
      samples: 8003,
      seed: 0,
    });
    expect(dataset.splits.test.rows).toBe(2000);
  });

  test.each([
    { dimension: 0 },
    { dimension: 2.5 },
    { samples: 0 },
    { testSamples: 0 },
    { seed: -1 },
    { seed: 2 ** 32 },
    { variances: [1, 2] },
    { variances: [1, 0, 1] },
    { variances: [1, 1e-60, 1] },
    { variances: [1e60, 1, 1] },
    { variances: [Number.NaN] },
    { variances: [] },
  ])('refuses %j', async (wrong) => {
    const before = await temp.data.files();
    await expect(syntheticGaussian(temp.store, { ...options, ...wrong })).rejects.toMatchObject({
      code: 'bad-option',
    });
    expect(await temp.data.files()).toEqual(before);
  });

  test('stops when it is aborted and leaves nothing', async () => {
    const before = await temp.data.files();
    const stop = new AbortController();
    const run = { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) };
    await expect(syntheticGaussian(temp.store, { ...options, samples: 100_000 }, run)).rejects.toThrow(
      'enough',
    );
    expect(await temp.data.files()).toEqual(before);
  });
});

describe('gaussianConcentration', () => {
  const standard: Distribution = { kind: 'gaussian', variances: [1, 1, 1], seed: 0 };

  test.each([
    [0.05, 1, '25.951'],
    [0.5, 1, '84.134'],
    [0.01, 1, '9.236'],
    [0.05, 0.5, '12.613'],
  ])('for N(0,I), α %d and ε %d is %s %%', (alpha, epsilon, percent) => {
    expect((100 * gaussianConcentration(standard, 'l2', alpha, epsilon)).toFixed(3)).toBe(percent);
    expect((100 * gaussianConcentration(standard, 'linf', alpha, epsilon)).toFixed(3)).toBe(percent);
  });

  test('goes with the largest standard deviation', () => {
    const stretched: Distribution = { kind: 'gaussian', variances: [0.25, 4, 1], seed: 0 };
    expect(gaussianConcentration(stretched, 'linf', 0.05, 2)).toBe(
      gaussianConcentration(standard, 'l2', 0.05, 1),
    );
  });

  test('is α where ε is 0', () => {
    expect(gaussianConcentration(standard, 'l2', 0.3, 0)).toBeCloseTo(0.3, 14);
  });

  test.each([
    [0, 1],
    [1, 1],
    [Number.NaN, 1],
    [0.5, -1],
    [0.5, Number.NaN],
  ])('refuses α %d with ε %d', (alpha, epsilon) => {
    expect(() => gaussianConcentration(standard, 'l2', alpha, epsilon)).toThrow(RangeError);
  });
});

const FIRST_OF_SEED_7 = ['0.667533209710', '0.131726139097', '-0.135845271125'];
