import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Warning } from '@levy/contracts';
import { DatasetStore, type LoadedDataset, syntheticGaussian } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { mainWeight } from '../halfspaces/main-weight.js';
import { measure } from '../measure.js';
import { smallDataset, specFor } from '../testing/small-dataset.js';

let folder: string;
let engine: Engine;
let spherical: LoadedDataset;
let long: LoadedDataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-single-'));
  const store = await DatasetStore.open(folder);
  const shared = { dimension: 8, samples: 1000, testSamples: 1000, seed: 2 };
  await syntheticGaussian(store, { name: 'spherical', ...shared });
  // One coordinate is ten times as spread as the others.
  const variances = Array.from({ length: 8 }, (_, j) => (j === 5 ? 100 : 1));
  await syntheticGaussian(store, { name: 'long', variances, ...shared });
  spherical = await store.load('spherical');
  long = await store.load('long');
  engine = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function singleIn(dataset: LoadedDataset, job: object): Promise<Warning | undefined> {
  const context = { dataset, engine, artifacts: memoryArtifacts(), host: 'test' };
  const { result } = await measure(specFor(dataset, { alpha: 0.05, epsilon: 0.1, ...job }), context);
  const found = result.warnings.filter(({ code }) => code === 'single-coordinate');
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0];
}

// The search over faces looks for few coordinates, and finds one in spherical data, where none is better.
const RECTANGLES = { metric: 'linf', T: 2, restarts: 2, neighbors: 5, search: 'paper' };
const JOBS = [
  ['rectangles', RECTANGLES],
  ['balls', { metric: 'l2', T: 3 }],
  ['hyperplane', { metric: 'l2', method: 'hyperplane' }],
] as const;

describe('a region that is nearly a single coordinate', () => {
  test.each(JOBS)('is not what spherical data give: %s', async (_, job) => {
    expect(await singleIn(spherical, job)).toBeUndefined();
  });

  test('is what the search over faces gives', async () => {
    const single = await singleIn(spherical, { ...RECTANGLES, search: 'best' });
    expect(single?.detail).toMatch(/nearly along coordinate \d, which alone puts \d+(\.\d)? % of its/);
  });

  test('is flagged where one coordinate has been planted: rectangles, hyperplane', async () => {
    // w leans on coordinate 5, and the rest of ‖w‖₁ is noise of about 1/√1000 a coordinate.
    const across = await singleIn(long, { metric: 'l2', method: 'hyperplane' });
    expect(across?.detail).toMatch(/nearly along coordinate 5, which carries 9\d(\.\d)? % of its weight/);
    const planted = smallDataset({ train: spiked(500, 0), test: spiked(400, 9) });
    const beyond = await singleIn(planted, { ...RECTANGLES, T: 1, epsilon: '10/255' });
    expect(beyond?.detail).toMatch(/coordinate 2, which alone puts 100 % of its 40 test rows out of every/);
  });

  test('is not told from where only nine rows out of eleven say so', async () => {
    // A row in eleven of the region is out by another coordinate: 10/11 is told, 9/11 is not.
    const row = (values: object) => Object.assign([100, 100, 100, 100], values);
    const inside = Array.from({ length: 200 }, (_, i) => row({ 0: 90 + (i % 21) }));
    const out = (coordinates: readonly number[]) => coordinates.map((j) => row({ [j]: 250 }));
    const train = [...inside, ...out([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])];
    const job = { ...RECTANGLES, T: 1, epsilon: '10/255', alpha: 0.01, q: 0.9, protocol: 'paper' };
    const ten = smallDataset({ train, test: [...inside, ...out([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1])] });
    expect((await singleIn(ten, job))?.detail).toContain('coordinate 2, which alone puts 90.9 %');
    const nine = smallDataset({ train, test: [...inside, ...out([2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1])] });
    expect(await singleIn(nine, job)).toBeUndefined();
  });

  test('is every region of axis, and said so gently; the winner of all is flagged alike', async () => {
    const axis = await singleIn(spherical, { metric: 'linf', method: 'axis' });
    expect(axis?.detail).toMatch(
      /^the region lies along coordinate \d alone, as a region of axis always does/,
    );
    const all = await singleIn(long, { metric: 'l2', method: 'all', T: 2, protocol: 'paper' });
    expect(all?.detail).toContain('coordinate 5');
  });

  test('is no news where the data have one coordinate', async () => {
    const line = smallDataset({ train: ramp(60), test: ramp(30) });
    expect(await singleIn(line, { metric: 'linf', method: 'axis' })).toBeUndefined();
    expect(await singleIn(line, { ...RECTANGLES, epsilon: '1/255' })).toBeUndefined();
  });
});

test('the weight of a half-space is |w_j| / ‖w‖₁', () => {
  expect(mainWeight([1, -3, 0])).toEqual({ coordinate: 1, share: 0.75 });
  expect(mainWeight([2, -2])).toEqual({ coordinate: 0, share: 0.5 });
  expect(mainWeight([0, 0])).toBeUndefined();
});

/** Small changes everywhere, and in every tenth row a large one of coordinate 2. */
function spiked(n: number, shift: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: 4 }, (_, j) =>
      j === 2 && i % 10 === 0 ? 200 + ((13 * i) % 51) : 100 + ((i * (j + 3) + shift) % 7),
    ),
  );
}

function ramp(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => [(7 * i) % 250]);
}
