import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result, SplitMeasure } from '@levy/contracts';
import { DatasetStore, type LoadedDataset, syntheticGaussian } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { measure } from '../measure.js';
import { smallDataset, specFor } from '../testing/small-dataset.js';
import { decodeRegion } from './region-file.js';
import { verifyRegion } from './verify-region.js';

let folder: string;
let engine: Engine;
const datasets = new Map<string, LoadedDataset>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-all-'));
  const store = await DatasetStore.open(folder);
  const variances = [4, 1, 1, 0.5, 0.25, 0.25];
  await syntheticGaussian(store, {
    ...{ name: 'gaussian', dimension: 6, variances, samples: 500, testSamples: 400, seed: 3 },
  });
  for (const name of ['digits', 'gaussian']) datasets.set(name, await store.load(name));
  datasets.set('outliers', smallDataset({ train: outliers(600), test: outliers(300) }));
  engine = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function measured(name: string, job: object, artifacts = memoryArtifacts()) {
  const dataset = datasets.get(name);
  if (dataset === undefined) throw new Error(`no data set ${name}`);
  return measure(specFor(dataset, job), { dataset, engine, artifacts, host: 'test' });
}

const RECTANGLES = { T: [3, 5], restarts: 2, neighbors: 20, qTolerance: 0.1 };
/** What a job over all methods stands for: the methods that fit, in the order that decides a tie, with their fields. */
const METHODS = {
  linf: [
    ['rectangles', RECTANGLES],
    ['balls', { T: [3, 5] }],
    ['halfspace', {}],
    ['axis', {}],
  ],
  l2: [
    ['balls', { T: [3, 5] }],
    ['hyperplane', {}],
    ['halfspace', {}],
    ['axis', {}],
  ],
} as const;

const SETTINGS = (['holdout', 'paper'] as const).flatMap((protocol) =>
  [
    { name: 'digits', metric: 'linf' as const, epsilon: '1/16', alpha: 0.1 },
    { name: 'digits', metric: 'linf' as const, epsilon: '2/16', alpha: 0.02, seed: 4 },
    { name: 'digits', metric: 'linf' as const, epsilon: '6/16', alpha: 0.2, samples: 600 },
    { name: 'digits', metric: 'l2' as const, epsilon: '1/4', alpha: 0.1, slack: 0.05 },
    { name: 'digits', metric: 'l2' as const, epsilon: '3/2', alpha: 0.05 },
    { name: 'gaussian', metric: 'linf' as const, epsilon: 0.3, alpha: 0.1 },
    { name: 'outliers', metric: 'linf' as const, epsilon: '20/255', alpha: 0.05 },
    { name: 'gaussian', metric: 'l2' as const, epsilon: 0.5, alpha: 0.05 },
  ].map((setting) => ({ ...setting, protocol })),
);

function countsOf({ n, risk, advRisk }: SplitMeasure) {
  return { n, risk: Math.round(risk * n), advRisk: Math.round(advRisk * n) };
}

/** The literal rule, on counts: which of the results wins. */
function winnerOf(
  results: readonly Result[],
  { alpha, slack = 0, protocol }: { alpha: number; slack?: number; protocol: 'holdout' | 'paper' },
) {
  const judged = results.map((result) => {
    const train = countsOf(result.best.train);
    const choosing = countsOf(result.best.validation ?? result.best.test);
    // 1e-9 of a row: these are whole numbers here and there, and not always in float64.
    const enough = alpha * (1 + slack) * train.n;
    const error = Math.sqrt(choosing.n * alpha * (1 - alpha));
    const feasible =
      train.risk >= enough - 1e-9 && choosing.risk >= Math.ceil(alpha * choosing.n - 1e-9) - error - 1e-9;
    return { result, feasible, choosing };
  });
  const some = judged.some(({ feasible }) => feasible);
  const score = ({ choosing }: (typeof judged)[number]) => (some ? -choosing.advRisk : choosing.risk);
  const running = judged.filter(({ feasible }) => feasible === some);
  const most = Math.max(...running.map(score));
  const equal = running.filter((each) => score(each) === most);
  return { winner: (protocol === 'paper' ? equal.at(-1) : equal[0])?.result, some, judged };
}

const won = new Set<string>();

describe.each(SETTINGS)('$name, $metric, ε $epsilon, α $alpha, $protocol', ({ name, ...setting }) => {
  test('takes the best of what each method finds alone, on the same artifacts', async () => {
    const { metric, protocol } = setting;
    const artifacts = memoryArtifacts();
    const files = [];
    const alone: Result[] = [];
    for (const [method, fields] of METHODS[metric]) {
      const one = await measured(name, { ...setting, ...fields, method }, artifacts);
      alone.push(one.result);
      files.push(one.files);
    }
    const fields = metric === 'linf' ? RECTANGLES : { T: [3, 5] };
    const all = await measured(name, { ...setting, ...fields, method: 'all' }, artifacts);
    const { result } = all;

    const { winner, some, judged } = winnerOf(alone, setting);
    expect(winner?.method).toBe(result.method);
    won.add(result.method);
    expect(result.warnings.some(({ code }) => code === 'infeasible')).toBe(!some);
    expect(result.candidates?.map(({ method, feasible }) => [method, feasible])).toEqual(
      judged.map((each) => [each.result.method, each.feasible]),
    );
    for (const [index, { best, T, method }] of alone.entries()) {
      const candidate = result.candidates?.[index];
      expect([candidate?.method, candidate?.T]).toEqual([method, T]);
      for (const split of ['train', 'validation', 'test'] as const) {
        const counted = candidate?.[split];
        expect(counted && countsOf(counted), split).toEqual(best[split] && countsOf(best[split]));
      }
      // Test has no intervals where it chose.
      expect(candidate?.test.riskInterval !== undefined).toBe(protocol === 'holdout');
    }

    // Everything but what tells the choice is the winner's own result.
    const found = alone.findIndex(({ method }) => method === result.method);
    const ownResult = alone[found];
    expect(result.best.train).toEqual(ownResult?.best.train);
    expect(result.T).toBe(ownResult?.T);
    expect(result.domain).toBe(ownResult?.domain);
    expect(result.epsilonCurve).toEqual(ownResult?.epsilonCurve);
    expect(result.restarts).toEqual(ownResult?.restarts);
    expect(result.scan).toEqual(ownResult?.scan);
    if (protocol === 'holdout') expect(result.bound).toEqual(ownResult?.bound);
    else expect([result.bound, result.best.test.riskInterval]).toEqual([undefined, undefined]);
    const regionOf = (list: typeof all.files | undefined) =>
      list?.find((file) => file.name === 'region.npz')?.bytes;
    expect(regionOf(all.files)).toEqual(regionOf(files[found]));
    // The trace is there wherever rectangles ran.
    expect(result.searchTrace).toEqual(alone[0]?.searchTrace);
    expect(all.files.some((file) => file.name === 'search-trace.csv')).toBe(metric === 'linf');

    // Nothing but the choice and its evaluation was computed.
    const { reused } = result.provenance;
    const count = (step: string) => reused.find((each) => each.step === step)?.artifacts ?? 0;
    expect(count('region')).toBe(4);
    expect(count('balls')).toBe(2);
    expect(count('scan')).toBe(1);
    if (metric === 'linf')
      expect([count('neighbours'), count('search'), count('restarts')]).toEqual([1, 2, 2]);
    else expect(count('component')).toBe(1);
    expect(Object.keys(result.timings).sort()).toEqual(['evaluation', 'region', 'total']);
  });

  test('leaves a region that a recount confirms, and needs no other job before it', async () => {
    const dataset = datasets.get(name);
    if (dataset === undefined) throw new Error(name);
    const fields = setting.metric === 'linf' ? RECTANGLES : { T: [3, 5] };
    const { files, result } = await measured(name, { ...setting, ...fields, method: 'all' });
    expect(result.provenance.reused).toEqual([]);
    const region = await decodeRegion(files[0]?.bytes ?? new Uint8Array());
    const { agrees, splits } = verifyRegion(region, dataset);
    expect(agrees).toBe(true);
    const counted = splits.find(({ split }) => split === 'test')?.recounted;
    expect(counted).toEqual(countsOf(result.best.test));
  });
});

test('these settings have different winners', () => {
  expect([...won].sort()).toEqual(['axis', 'balls', 'halfspace', 'rectangles']);
});

test('of equal ones takes the first method under holdout, the last under paper', async () => {
  // A fifth of the rows lie in one far place, which a ball and an axis-aligned half-space hold alike.
  const rows = Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? [250, 250] : [i % 7, i % 11]));
  const dataset = smallDataset({ train: rows, test: rows });
  const job = { metric: 'l2', method: 'all', epsilon: '10/255', alpha: 0.05, T: 1 };
  const context = { dataset, engine, artifacts: memoryArtifacts(), host: 'test' };
  for (const [protocol, expected] of [
    ['holdout', 'balls'],
    ['paper', 'axis'],
  ] as const) {
    const { result } = await measure(specFor(dataset, { ...job, protocol }), context);
    const tied = result.candidates?.filter(({ feasible, test }) => feasible && test.advRisk === 0.2);
    expect(tied?.map(({ method }) => method)).toEqual(expect.arrayContaining(['balls', 'axis']));
    expect(result.method).toBe(expected);
  }
});

/** A tenth of the rows stick out, each in one of twelve directions: rectangles hold the rest, nothing else does. */
function outliers(n: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: 6 }, (_, j) => {
      const direction = Math.floor(i / 10) % 12;
      if (i % 10 === 0 && direction % 6 === j) return direction < 6 ? 255 - (i % 7) : i % 7;
      return 110 + ((i * (j + 3)) % 31);
    }),
  );
}
