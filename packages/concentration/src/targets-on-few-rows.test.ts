import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DatasetStore, type LoadedDataset } from '@levy/datasets';
import { beforeAll, describe, expect, test } from 'vitest';
import { TEST_DATA } from './testing/benchmark-data.js';
import { bothEngines } from './testing/both-engines.js';
import { measureSmall } from './testing/measure-small.js';
import { smallDataset } from './testing/small-dataset.js';

// Exact counts under the paper protocol, where whole data sets are too much: digits (1200 training, 597 test rows), and
// the first 2000 training and 1000 test rows of MNIST. Made once with numpy, by the sentences of method §3 and §4 in
// plain loops and whole numbers: every threshold of every column; every centre and rank of every ball, r + ε decided in
// fractions; the component by numpy.linalg.eigh of the covariance, where no projection is nearer than 1e-3 to a threshold.
if (TEST_DATA === undefined) {
  console.warn('skipped: the targets on 2000 rows of MNIST need LEVY_TEST_DATA=DIR');
}

/** Train risk, train advRisk, test risk, test advRisk, as rows. */
type Counts = [number, number, number, number];
type Target = [job: { method: string; epsilon: number | string; [field: string]: unknown }, counts: Counts];

const axis = { metric: 'linf', method: 'axis' };
const hyperplane = { metric: 'l2', method: 'hyperplane' };
const balls = { metric: 'l2', method: 'balls' };

const DIGITS: Target[] = [
  [{ ...axis, epsilon: '1/16', alpha: 0.05 }, [60, 75, 27, 37]],
  [{ ...axis, epsilon: '3/16', alpha: 0.05 }, [70, 101, 14, 23]],
  [{ ...axis, epsilon: 0.4, alpha: 0.05 }, [70, 152, 14, 49]],
  [{ ...hyperplane, epsilon: 0.25, alpha: 0.05 }, [60, 118, 34, 53]],
  [{ ...hyperplane, epsilon: 0.5, alpha: 0.05 }, [60, 177, 34, 89]],
  [{ ...hyperplane, epsilon: 1, alpha: 0.05 }, [60, 419, 34, 196]],
  [{ ...balls, epsilon: 0.25, alpha: 0.05, T: 5 }, [60, 61, 1, 3]],
  [{ ...balls, epsilon: 0.5, alpha: 0.05, slack: 0.25, T: 10 }, [75, 88, 1, 10]],
  [{ ...balls, epsilon: 0.5, alpha: 0.1, T: 3 }, [120, 130, 47, 65]],
  [{ ...balls, epsilon: 1, alpha: 0.05, slack: 0.25, T: 5 }, [75, 223, 8, 84]],
  [{ ...balls, metric: 'linf', epsilon: '1/16', alpha: 0.01, T: 3 }, [12, 12, 1, 5]],
];

const MNIST: Target[] = [
  [{ ...axis, epsilon: 0.1, alpha: 0.01 }, [20, 20, 22, 24]],
  [{ ...axis, epsilon: '51/255', alpha: 0.01 }, [20, 21, 14, 16]],
  [{ ...axis, epsilon: 0.3, alpha: 0.01 }, [20, 23, 13, 18]],
  [{ ...axis, epsilon: '102/255', alpha: 0.01 }, [20, 28, 1, 1]],
  [{ ...hyperplane, epsilon: 1.58, alpha: 0.01 }, [20, 75, 6, 15]],
  [{ ...hyperplane, epsilon: 3.16, alpha: 0.01 }, [20, 180, 6, 51]],
  [{ ...hyperplane, epsilon: 4.74, alpha: 0.01 }, [20, 408, 6, 164]],
  [{ ...balls, epsilon: 1.58, alpha: 0.01, slack: 0.25, T: 20 }, [25, 25, 0, 1]],
  [{ ...balls, epsilon: 3.16, alpha: 0.01, slack: 0.25, T: 20 }, [25, 25, 0, 11]],
  [{ ...balls, epsilon: 4.74, alpha: 0.01, slack: 0.25, T: 20 }, [25, 158, 0, 49]],
  [{ ...balls, epsilon: 3.16, alpha: 0.05, T: 5 }, [100, 280, 79, 165]],
  [{ ...balls, epsilon: 4.74, alpha: 0.05, T: 20 }, [100, 1101, 14, 532]],
];

const engineOf = bothEngines();

async function countsOf(dataset: LoadedDataset, job: object): Promise<number[]> {
  const { result } = await measureSmall(dataset, { ...job, protocol: 'paper' }, engineOf('wasm'));
  return [result.best.train, result.best.test].flatMap(({ n, risk, advRisk }) => [
    Math.round(risk * n),
    Math.round(advRisk * n),
  ]);
}

test.each(DIGITS)('on digits %j: %j', async (job, counts) => {
  const folder = await mkdtemp(join(tmpdir(), 'levy-digits-'));
  const digits = await (await DatasetStore.open(folder)).load('digits');
  expect(await countsOf(digits, job)).toEqual(counts);
  await rm(folder, { recursive: true });
});

describe.skipIf(TEST_DATA === undefined)('on 2000 rows of MNIST', () => {
  let dataset: LoadedDataset;

  beforeAll(async () => {
    const train = await firstImages('train-images-idx3-ubyte.gz', 2000);
    const tested = await firstImages('t10k-images-idx3-ubyte.gz', 1000);
    dataset = smallDataset({ train, test: tested });
  });

  test.each(MNIST)('%j: %j', async (job, counts) => {
    expect(await countsOf(dataset, job)).toEqual(counts);
  });
});

/** The first images of an IDX file: 16 bytes of header, then 784 an image. */
async function firstImages(file: string, count: number): Promise<number[][]> {
  const bytes = await promisify(gunzip)(await readFile(join(TEST_DATA ?? '', 'mnist', file)));
  return Array.from({ length: count }, (_, i) => [...bytes.subarray(16 + 784 * i, 16 + 784 * (i + 1))]);
}
