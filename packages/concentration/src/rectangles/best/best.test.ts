import { generatorFor } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryArtifacts } from '../../artifacts/file-artifacts.js';
import { measure } from '../../measure.js';
import { decodeRegion } from '../../region/region-file.js';
import { verifyRegion } from '../../region/verify-region.js';
import { smallDataset, specFor } from '../../testing/small-dataset.js';

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(() => engine[Symbol.asyncDispose]());

const JOB = { metric: 'linf', epsilon: '20/255', alpha: 0.1, restarts: 2, neighbors: 5 };

async function measured(dataset: ReturnType<typeof smallDataset>, job: object) {
  const context = { dataset, engine, artifacts: memoryArtifacts(), host: 'test' };
  const { result, files } = await measure(specFor(dataset, { ...JOB, ...job }), context);
  const region = await decodeRegion(files[0]?.bytes ?? new Uint8Array());
  expect(verifyRegion(region, dataset).agrees).toBe(true);
  return result;
}

function drawn(
  purpose: string,
  rows: number,
  row: (draw: (low: number, high: number) => number) => number[],
) {
  const generator = generatorFor(purpose);
  return Array.from({ length: rows }, () => row((low, high) => uniformInt(generator, low, high)));
}

/** A row in eight is bright in coordinates 0 and 1 together; of all others one of the two may be, and the other is dark. */
const corner = (draw: (low: number, high: number) => number) => {
  const both = draw(0, 7) === 0;
  const one = draw(0, 1);
  const value = (j: number) => (both ? draw(220, 255) : one === j ? draw(0, 255) : draw(0, 100));
  return [value(0), value(1), draw(0, 255), draw(0, 255)];
};

test('a corner takes two rectangles, and is tighter than any single coordinate', async () => {
  const dataset = smallDataset({ train: drawn('train', 3000, corner), test: drawn('test', 3000, corner) });
  const two = await measured(dataset, { T: 2 });
  expect(two.best.rectangles).toBe(2);
  expect(two.best.test.advRisk).toBeLessThan(two.scan.test.advRisk - 0.02);
  const one = await measured(dataset, { T: 1 });
  expect(one.best.rectangles).toBe(1);
  expect(two.best.validation?.advRisk).toBeLessThan(one.best.validation?.advRisk ?? 0);
});

test('is never looser on the choosing split than the search of the paper', async () => {
  // Two tight clumps, and a sprinkle of rows that have coordinates of both.
  const clumps = (draw: (low: number, high: number) => number) => {
    const at = draw(0, 1) === 0 ? 60 : 190;
    if (draw(0, 15) === 0)
      return [at === 60 ? 190 : 60, at, 125, draw(0, 255)].map((x) => x + draw(-3, 3)).map(clamp);
    return [at, at, at, at].map((x) => x + draw(-6, 6));
  };
  const dataset = smallDataset({ train: drawn('clumps', 2000, clumps), test: drawn('others', 1000, clumps) });
  for (const T of [2, 4]) {
    const best = await measured(dataset, { T, alpha: 0.05 });
    const paper = await measured(dataset, { T, alpha: 0.05, search: 'paper' });
    expect(paper.warnings.map(({ code }) => code)).not.toContain('infeasible');
    expect(best.best.validation?.advRisk).toBeLessThanOrEqual(paper.best.validation?.advRisk ?? 0);
    expect(best.restarts).toEqual(paper.restarts);
    expect(best.searchTrace).toEqual(paper.searchTrace);
  }
});

test('of a list of T the smallest that allows the rectangles found is told', async () => {
  const dataset = smallDataset({ train: drawn('train', 3000, corner), test: drawn('test', 1000, corner) });
  const { T, best, restarts } = await measured(dataset, { T: [40, 3, 5] });
  expect(best.rectangles).toBeGreaterThanOrEqual(2);
  expect(T).toBe(Math.min(...[40, 3, 5].filter((asked) => asked >= (best.rectangles ?? 0))));
  expect(restarts?.count).toBe(2);
});

test('floats, with a declared range and without', async () => {
  const eighths = (draw: (low: number, high: number) => number) => corner(draw).map((x) => (x - 128) / 32);
  const rows = {
    train: drawn('train', 1500, eighths),
    test: drawn('test', 1500, eighths),
    dtype: 'f4',
  } as const;
  for (const extra of [{}, { valueRange: { low: -4, high: 4 } }]) {
    const { best, scan, epsilonCurve } = await measured(smallDataset({ ...rows, ...extra }), {
      T: 2,
      epsilon: 0.625,
    });
    expect(best.rectangles).toBe(2);
    expect(best.validation?.risk).toBeGreaterThanOrEqual(0.1);
    expect(best.test.advRisk).toBeLessThan(scan.test.advRisk);
    expect(epsilonCurve[32]?.advRisk).toBe(best.test.advRisk);
  }
});

test('ε across every coordinate leaves no face, and the clusters answer', async () => {
  const dataset = smallDataset({ train: drawn('train', 300, corner), test: drawn('test', 100, corner) });
  const { best } = await measured(dataset, { T: 2, epsilon: '254/255' });
  expect(best.rectangles).toBeUndefined();
});

function clamp(x: number): number {
  return Math.max(0, Math.min(255, x));
}
