import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetStore, type LoadedDataset } from '@levy/datasets';
import { type Adapter, createReferenceEngine, createWasmEngine, type Engine } from '@levy/kernels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileArtifacts, memoryArtifacts } from './artifacts/file-artifacts.js';
import { measure } from './measure.js';
import type { MeasurementProgress } from './measurement.js';
import { decodeRegion } from './region/region-file.js';
import { verifyRegion } from './region/verify-region.js';
import { smallDataset, specFor } from './testing/small-dataset.js';

const job = { metric: 'linf', epsilon: '3/16', alpha: 0.05, T: 5, restarts: 3, neighbors: 20 };
let folder: string;
let digits: LoadedDataset;
let engine: Engine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-measure-'));
  digits = await (await DatasetStore.open(folder)).load('digits');
  engine = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function measureOn(
  dataset: LoadedDataset,
  change: object,
  with_: { engine?: Engine; artifacts?: ReturnType<typeof memoryArtifacts> } = {},
) {
  return measure(specFor(dataset, { ...job, ...change }), {
    dataset,
    engine: with_.engine ?? engine,
    artifacts: with_.artifacts ?? memoryArtifacts(),
    host: 'test',
  });
}

/** What must not depend on where or when a measurement ran. */
function comparable({ result }: Awaited<ReturnType<typeof measure>>) {
  const { provenance: _, timings: __, ...rest } = result;
  return rest;
}

const unused = { T: undefined, restarts: undefined, neighbors: undefined };
const balls = { restarts: undefined, neighbors: undefined, method: 'balls' };
const METHODS = [
  ['rectangles, holdout, box', {}],
  ['rectangles, paper', { protocol: 'paper' }],
  ['rectangles, q given', { q: 0.6 }],
  ['rectangles, T chosen', { T: [2, 5, 9] }],
  ['rectangles, samples', { samples: 500, seed: 3 }],
  ['axis, linf', { ...unused, method: 'axis' }],
  ['axis, l2, paper', { ...unused, method: 'axis', metric: 'l2', protocol: 'paper' }],
  ['balls', { ...balls, metric: 'l2', epsilon: 0.5, samples: 700 }],
  [
    'balls, paper, T chosen',
    { ...balls, metric: 'l2', epsilon: '13/16', T: [2, 6], samples: 400, protocol: 'paper' },
  ],
  ['balls, linf, samples', { ...balls, samples: 500, seed: 3, slack: 0.25 }],
  ['hyperplane', { ...unused, method: 'hyperplane', metric: 'l2', epsilon: 0.5 }],
  ['all, linf, samples', { method: 'all', samples: 300, seed: 3 }],
  [
    'all, l2, paper',
    { ...balls, method: 'all', metric: 'l2', epsilon: 0.5, samples: 300, protocol: 'paper' },
  ],
  ['halfspace, linf', { ...unused, method: 'halfspace' }],
  ['halfspace, linf, samples', { ...unused, method: 'halfspace', samples: 400, seed: 3, slack: 0.1 }],
  ['halfspace, l2, paper', { ...unused, method: 'halfspace', metric: 'l2', epsilon: 0.5, protocol: 'paper' }],
] as const;

describe.each(METHODS)('%s', (_, change) => {
  test('the region file confirms the estimate when recounted', async () => {
    const { result, files } = await measureOn(digits, change);
    const region = await decodeRegion(
      files.find((file) => file.name === 'region.npz')?.bytes ?? new Uint8Array(),
    );
    const { agrees, splits } = verifyRegion(region, digits);
    expect(agrees).toBe(true);
    const test = splits.find(({ split }) => split === 'test')?.recounted;
    expect(result.best.test).toMatchObject({
      n: 597,
      risk: (test?.risk ?? 0) / 597,
      advRisk: (test?.advRisk ?? 0) / 597,
    });
    expect(result.best.test.advRisk).toBeGreaterThanOrEqual(result.best.test.risk);
    expect(result.epsilonCurve).toHaveLength(65);
    expect(result.epsilonCurve[0]?.advRisk).toBeCloseTo(result.best.test.risk, 12);
    expect(result.epsilonCurve[32]?.advRisk).toBe(result.best.test.advRisk);
    result.epsilonCurve.reduce((before, point) => {
      expect(point.advRisk).toBeGreaterThanOrEqual(before.advRisk);
      return point;
    });
  });

  test('engines and threads agree number for number on bytes', async () => {
    const expected = comparable(await measureOn(digits, change));
    await using one = await createWasmEngine({ threads: 1 });
    expect(comparable(await measureOn(digits, change, { engine: one }))).toEqual(expected);
    await using reference = createReferenceEngine();
    // A half-space's w is float64, whose last bits depend on the engine: its file differs, its counts do not.
    const { artifacts: _a, ...figures } = comparable(await measureOn(digits, change, { engine: reference }));
    expect(expected).toMatchObject(figures);
  });
});

test('tells the adapter, and what the device did during the job and not before it', async () => {
  await using reference = createReferenceEngine();
  const adapter: Adapter = {
    ...{ vendor: 'acme', architecture: 'anvil', device: 'A1', driver: 'acme 1.2' },
    ...{ type: 'gpu', mode: 'webgpu' },
  };
  let loads = 0;
  const work = () => ({
    seconds: { kernels: 7 + loads / 4, transfer: 3, selection: 0 },
    tileRows: { distances: 64 },
    restarts: 2,
  });
  const accounted: Engine = new Proxy(reference, {
    get(target, name) {
      if (name === 'info') return { ...target.info, adapter };
      if (name === 'work') return work;
      if (name === 'load') loads += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { result } = await measureOn(digits, { samples: 300 }, { engine: accounted });
  expect(loads).toBeGreaterThan(0);
  expect(result.provenance.workers).toEqual([
    {
      ...{ host: 'test', engine: 'reference', device: reference.info.device, threads: 1, adapter },
      work: {
        seconds: { kernels: loads / 4, transfer: 0, selection: 0 },
        tileRows: { distances: 64 },
        restarts: 0,
      },
    },
  ]);
  const { provenance } = (await measureOn(digits, { samples: 300 })).result;
  expect(Object.keys(provenance.workers[0] ?? {})).toEqual(['host', 'engine', 'device', 'threads']);
});

test('under holdout test takes no part: intervals and bound are told; under paper they are not', async () => {
  const { result } = await measureOn(digits, {});
  expect(result.best.test.riskInterval?.[0]).toBe(result.bound?.alpha);
  expect(result.best.test.advRiskInterval?.[1]).toBe(result.bound?.advRisk);
  expect(result.intrinsicRobustness.atLeast).toBe(1 - (result.bound?.advRisk ?? 0));
  expect(result.best.train.n + (result.best.validation?.n ?? 0)).toBe(1200);
  const { result: paper } = await measureOn(digits, { protocol: 'paper' });
  expect(paper.bound).toBeUndefined();
  expect(paper.best.test.riskInterval).toBeUndefined();
  expect(paper.best.train.n).toBe(1200);
});

test('a half-space says what it lies across; chosen on test it has no intervals', async () => {
  const halfspace = { ...unused, method: 'halfspace' };
  const { result } = await measureOn(digits, halfspace);
  expect(result.best.component).toBeGreaterThanOrEqual(1);
  expect(result.best.exponent).toBeGreaterThan(0);
  expect(result.domain).toBe('unbounded');
  expect(result.bound).toBeDefined();
  // The fitted rows alone place the threshold.
  const { n, risk } = result.best.train;
  expect(Math.round(risk * n)).toBe(Math.ceil(0.05 * n));
  const paper = (await measureOn(digits, { ...halfspace, metric: 'l2', protocol: 'paper' })).result;
  expect(paper.bound).toBeUndefined();
  expect(paper.best.test.riskInterval).toBeUndefined();
  expect(paper.best.exponent).toBeUndefined();
});

test('another ε takes the neighbours and clusters that are there, and says so', async () => {
  const artifacts = fileArtifacts(folder);
  await measureOn(digits, { q: 0.6 }, { artifacts });
  const { result } = await measureOn(digits, { q: 0.6, epsilon: '2/16' }, { artifacts });
  const reused = new Map(result.provenance.reused.map(({ step, artifacts: count }) => [step, count]));
  expect(reused.get('neighbours')).toBe(1);
  expect(reused.get('clusters')).toBe(3);
  expect(result.timings['neighbours']).toBeUndefined();
  const fresh = await measureOn(digits, { q: 0.6, epsilon: '2/16' });
  expect(comparable({ ...fresh })).toEqual(comparable({ result, files: [] }));
});

test('a damaged artifact is computed again', async () => {
  const data = join(folder, 'damaged');
  const expected = comparable(await measureOn(digits, {}, { artifacts: fileArtifacts(data) }));
  for (const path of await readdir(join(data, 'artifacts'), { recursive: true })) {
    const file = join(data, 'artifacts', path);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) continue;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(file, bytes);
  }
  const again = await measureOn(digits, {}, { artifacts: fileArtifacts(data) });
  expect(again.result.provenance.reused).toEqual([]);
  expect(comparable(again)).toEqual(expected);
});

test('seeds: the same one repeats to the byte, another one differs', async () => {
  const [first, second, other] = [
    await measureOn(digits, { seed: 7 }),
    await measureOn(digits, { seed: 7 }),
    await measureOn(digits, { seed: 8 }),
  ];
  expect(first.files).toEqual(second.files);
  expect(comparable(first)).toEqual(comparable(second));
  expect(comparable(first)).not.toEqual(comparable(other));
});

test('every byte of a region file matters', async () => {
  const { files } = await measureOn(smallDataset({ train: ramp(40), test: ramp(12) }), {
    ...unused,
    method: 'axis',
  });
  const region = files.find((file) => file.name === 'region.npz')?.bytes ?? new Uint8Array();
  await expect(decodeRegion(region)).resolves.toBeDefined();
  for (let index = 0; index < region.length; index++) {
    const changed = Uint8Array.from(region);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await expect(decodeRegion(changed), `byte ${index}`).rejects.toThrow();
  }
});

test('an abort stops it with the reason, and progress never falls', async () => {
  const seen: MeasurementProgress[] = [];
  const controller = new AbortController();
  const stopped = measure(specFor(digits, job), {
    dataset: digits,
    engine,
    artifacts: memoryArtifacts(),
    host: 'test',
    signal: controller.signal,
    onProgress: (progress) => {
      seen.push(progress);
      if (progress.phase === 'restarts') controller.abort(new Error('enough'));
    },
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(seen.length).toBeGreaterThanOrEqual(3);
  seen.reduce((before, now) => {
    expect(now.fraction).toBeGreaterThanOrEqual(before.fraction);
    return now;
  });
  expect(seen.at(-1)?.fraction).toBeLessThan(1);
});

test('floats: rectangles with a declared range and without', async () => {
  const rows = (n: number, shift: number) =>
    Array.from({ length: n }, (_, i) => [
      Math.sin(i + shift) / 2 + 0.5,
      Math.cos(i * 1.3 + shift) / 2 + 0.5,
      ((i * 7) % 10) / 10,
    ]);
  for (const valueRange of [{ low: 0, high: 1 }, undefined]) {
    const dataset = smallDataset({
      train: rows(120, 0),
      test: rows(60, 0.3),
      dtype: 'f4',
      ...(valueRange === undefined ? {} : { valueRange }),
    });
    const { result, files } = await measureOn(dataset, { epsilon: 0.05, T: 3, neighbors: 5 });
    expect(result.domain).toBe(valueRange === undefined ? 'unbounded' : 'box');
    expect(verifyRegion(await decodeRegion(files[0]?.bytes ?? new Uint8Array()), dataset).agrees).toBe(true);
  }
});

test('what deserves a word is told', async () => {
  const told = async (change: object) => (await measureOn(digits, change)).result.warnings;
  const [short] = await told({ ...unused, method: 'axis' });
  expect(short?.code).toBe('risk-below-alpha');
  expect(short?.detail).toMatch(/test risk \d\.\d\d % is below alpha = 0\.05; bound says/);
  const loose = (await told({ protocol: 'paper' })).find(({ code }) => code === 'looser-than-scan');
  expect(loose?.detail).toMatch(/on test, .* against .*, though its test risk .* is below alpha/);
  const infeasible = await told({ q: 1, T: 2, search: 'paper' });
  expect(infeasible.map(({ code }) => code)).toContain('infeasible');
});

test.each([
  [
    'rectangles',
    { T: 1, q: 0.8, restarts: 1, neighbors: 5 },
    '0.15 on the fitted rows and on the choosing split;',
  ],
  [
    'balls',
    { T: [2, 3] },
    '0.15 on the fitted rows and, less one standard error, 0.1 on the choosing split;',
  ],
  ['halfspace', {}, '0.15 on the fitted rows and, less one standard error, 0.1 on the choosing split;'],
  ['all', { T: 1, q: 0.8, restarts: 1, neighbors: 5 }, 'less one standard error, 0.1 on the choosing split;'],
])('a region that holds no other rows than the fitted ones says so: %s', async (method, fields, asked) => {
  // Fitted rows fill a square; regions are its rim, a side or a corner, and never its middle.
  const square = Array.from({ length: 400 }, (_, i) => [10 * (i % 20), 10 * Math.floor(i / 20)]);
  const job = { ...unused, metric: 'linf', epsilon: '5/255', alpha: 0.1, slack: 0.5, protocol: 'paper' };
  const middle = Array.from({ length: 100 }, () => [95, 95]);
  const warningsOn = async (test: number[][]) => {
    const dataset = smallDataset({ train: square, test });
    return (await measureOn(dataset, { ...job, method, ...fields })).result.warnings;
  };
  const told = (await warningsOn(middle)).find(({ code }) => code === 'infeasible');
  expect(told?.detail).toContain(asked);
  expect((await warningsOn(square)).map(({ code }) => code)).not.toContain('infeasible');
});

test('slack is asked of the fitted rows alone where a region is fitted to a count', async () => {
  const job = { alpha: 0.05, slack: 0.25, metric: 'l2', epsilon: 0.5 };
  for (const method of [{ method: 'halfspace' }, { method: 'balls', T: [2, 4] }]) {
    const { result } = await measureOn(digits, { ...unused, ...job, ...method });
    expect(result.warnings.map(({ code }) => code)).not.toContain('infeasible');
    expect(result.best.train.risk).toBeGreaterThanOrEqual(0.0625);
  }
});

test('a float ε equal to a margin is decided alike by measure and recount', async () => {
  const epsilon = Math.fround(0.1000270024);
  const train = Array.from({ length: 40 }, (_, i) => [(i % 20) / 1000]);
  const reach = Math.fround(0.019 + epsilon);
  const dataset = smallDataset({ train, test: [[reach], [reach + epsilon], [0.5]], dtype: 'f4' });
  const { files } = await measureOn(dataset, {
    epsilon,
    alpha: 0.01,
    T: 1,
    q: 1,
    neighbors: 3,
    protocol: 'paper',
  });
  expect(verifyRegion(await decodeRegion(files[0]?.bytes ?? new Uint8Array()), dataset).agrees).toBe(true);
});

test('a hyperplane over one byte coordinate is recounted as it was counted', async () => {
  const dataset = smallDataset({
    train: ramp(50).map(([x = 0]) => [5 * x]),
    test: ramp(50).map(([x = 0]) => [5 * x]),
  });
  const { files } = await measureOn(dataset, {
    ...unused,
    metric: 'l2',
    method: 'hyperplane',
    alpha: 0.1,
    epsilon: 0.1,
    protocol: 'paper',
  });
  expect(verifyRegion(await decodeRegion(files[0]?.bytes ?? new Uint8Array()), dataset).agrees).toBe(true);
});

test.each([
  ['all points equal', Array.from({ length: 30 }, () => [9, 9])],
  ['constant coordinates', Array.from({ length: 30 }, (_, i) => [i % 3, 9])],
  ['duplicated rows', Array.from({ length: 30 }, (_, i) => [i % 2, (i % 2) * 200])],
  ['one coordinate', Array.from({ length: 30 }, (_, i) => [i])],
])('degenerate data is measured: %s', async (_, rows) => {
  const dataset = smallDataset({ train: rows, test: rows });
  const { files } = await measureOn(dataset, { epsilon: '2/255', T: 3, neighbors: 5 });
  expect(verifyRegion(await decodeRegion(files[0]?.bytes ?? new Uint8Array()), dataset).agrees).toBe(true);
});

test.each([
  ['constant coordinates', Array.from({ length: 30 }, (_, i) => [i % 3, 9]), 'u1'],
  ['duplicated rows', Array.from({ length: 30 }, (_, i) => [i % 2, (i % 2) * 200]), 'u1'],
  ['one coordinate', Array.from({ length: 30 }, (_, i) => [i]), 'u1'],
  [
    'fewer rows than coordinates',
    Array.from({ length: 8 }, (_, i) => [i, i * i, 50 - i, 7, i % 3, 1, 2, 3, 4]),
    'u1',
  ],
  ['floats', Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 40]), 'f4'],
] as const)('half-spaces of degenerate data are recounted alike: %s', async (_, rows, dtype) => {
  const dataset = smallDataset({ train: rows, test: rows, dtype });
  for (const metric of ['linf', 'l2']) {
    const job = { ...unused, method: 'halfspace', metric, epsilon: '2/255', alpha: 0.1 };
    const { files } = await measureOn(dataset, job);
    expect(verifyRegion(await decodeRegion(files[0]?.bytes ?? new Uint8Array()), dataset).agrees).toBe(true);
  }
});

test('equal rows have no half-space across a component, and say so', async () => {
  const rows = Array.from({ length: 30 }, () => [9, 9]);
  const dataset = smallDataset({ train: rows, test: rows });
  await expect(measureOn(dataset, { ...unused, method: 'halfspace' })).rejects.toThrow(/all rows are equal/);
});

function ramp(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => [i, (i * 7) % 50]);
}
