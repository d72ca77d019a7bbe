import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '@levy/contracts';
import { DatasetStore, gaussianConcentration, type LoadedDataset, syntheticGaussian } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryArtifacts } from './artifacts/file-artifacts.js';
import { measure } from './measure.js';
import { specFor } from './testing/small-dataset.js';

// method §4: measured against h at the region's own test risk, within three standard errors of the difference.
let folder: string;
let engine: Engine;
const datasets = new Map<string, LoadedDataset>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-oracle-'));
  const store = await DatasetStore.open(folder);
  const shared = { samples: 8000, testSamples: 8000, seed: 1 };
  await syntheticGaussian(store, { name: 'spherical', dimension: 64, ...shared });
  const variances = Array.from({ length: 16 }, (_, j) => 4 / (1 + j));
  await syntheticGaussian(store, { name: 'diagonal', dimension: 16, variances, ...shared });
  for (const name of ['spherical', 'diagonal']) datasets.set(name, await store.load(name));
  engine = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function measured(name: string, job: object): Promise<Result> {
  const dataset = datasets.get(name);
  if (dataset === undefined) throw new Error(`no data set ${name}`);
  const context = { dataset, engine, artifacts: memoryArtifacts(), host: 'test' };
  return (await measure(specFor(dataset, job), context)).result;
}

/** advRisk minus h(risk, ε), in standard errors of that difference. */
function deviation(name: string, result: Result): number {
  const { n, risk, advRisk } = result.best.test;
  const distribution = datasets.get(name)?.dataset.distribution;
  if (distribution === undefined) throw new Error(`${name} has no known distribution`);
  const h = (level: number) => gaussianConcentration(distribution, result.metric, level, result.epsilon);
  const slope = (h(risk + 1e-4) - h(risk - 1e-4)) / 2e-4;
  // E lies in E_ε: the covariance of the two counts is risk·(1 − advRisk).
  const variance =
    (advRisk * (1 - advRisk) + slope ** 2 * risk * (1 - risk) - 2 * slope * risk * (1 - advRisk)) / n;
  return (advRisk - h(risk)) / Math.sqrt(variance);
}

const SETTINGS = ['spherical', 'diagonal'].flatMap((name) =>
  [0.05, 0.2].flatMap((alpha) => [0.5, 1].map((epsilon) => [name, alpha, epsilon] as const)),
);

describe.each(SETTINGS)('%s, α %s, ε %s', (name, alpha, epsilon) => {
  const job = { alpha, epsilon };

  test('half-spaces attain the known concentration', async () => {
    const jobs = [
      { metric: 'linf', method: 'axis' },
      { metric: 'l2', method: 'axis' },
      { metric: 'l2', method: 'hyperplane' },
      { metric: 'l2', method: 'halfspace' },
      { metric: 'linf', method: 'halfspace' },
    ];
    for (const half of jobs) {
      const result = await measured(name, { ...job, ...half });
      expect(Math.abs(deviation(name, result))).toBeLessThan(3);
      expect(result.exact?.concentration).toBeGreaterThan(alpha);
    }
  });

  test('rectangles do not fall below it', async () => {
    const result = await measured(name, { ...job, metric: 'linf', T: 3, restarts: 2 });
    expect(deviation(name, result)).toBeGreaterThan(-3);
  });
});
