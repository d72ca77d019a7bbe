import type { Dataset, JobSpec } from '@levy/contracts';
import { describe, expect, test } from 'vitest';
import { ballsBytes } from './counts.js';
import { planJob, summarisePlan } from './plan-job.js';
import { resolveJob } from './resolve-job.js';

const split = (rows: number) => ({ rows, bytes: rows * 64, sha256: 'b'.repeat(64) });
const dataset: Dataset = {
  id: 'rows',
  digest: 'a'.repeat(64),
  dtype: 'u1',
  scale: 255,
  shape: [64],
  columns: 64,
  valueRange: { low: 0, high: 1 },
  splits: { train: split(1000), test: split(200) },
  createdAt: '2026-01-01T00:00:00.000Z',
};
const machine = { engine: 'wasm', threads: 2 } as const;

function specOf(change: object, of: Dataset = dataset): JobSpec {
  const resolved = resolveJob(
    withoutUndefined({ dataset: 'rows', metric: 'linf', epsilon: 0.1, alpha: 0.05, T: 5, ...change }),
    of,
  );
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.spec;
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function keysOf(
  change: object,
  of: Dataset = dataset,
  on: typeof machine | { engine: 'gpu'; threads: 1 } = machine,
): Map<string, string> {
  return new Map(planJob(specOf(change, of), of, on).steps.map(({ step, key }) => [step.name, key]));
}

test('threads beside a gpu speed up only what stays on the processor: products of floats', () => {
  const floats: Dataset = { ...dataset, dtype: 'f4', scale: 1 };
  const seconds = (of: Dataset, change: object, threads: number) =>
    planJob(specOf(change, of), of, { engine: 'gpu', threads }).estimatedSeconds;
  const halfspace = { method: 'halfspace', T: undefined };
  expect(seconds(dataset, {}, 4)).toBe(seconds(dataset, {}, 1));
  expect(seconds(dataset, halfspace, 4)).toBe(seconds(dataset, halfspace, 1));
  expect(seconds(floats, halfspace, 4)).toBeLessThan(seconds(floats, halfspace, 1));
});

describe('the plan of rectangles', () => {
  test('counts the tallies of the face search, which few wide rows make the largest', () => {
    const floats: Dataset = { ...dataset, dtype: 'f4', scale: 1, columns: 20_000, shape: [20_000] };
    const bytesOf = (search: string) => planJob(specOf({ search }, floats), floats, machine).estimatedBytes;
    // Five numbers for each of 1024 levels; 1000 rows as levels; less the 50 nearest of 800 rows, no longer the most.
    expect(bytesOf('best') - bytesOf('paper')).toBe(20_000 * (1024 * 5 * 4 + 2 * 1000) - 4 * 50 * 800);
  });

  test('names every step after what it needs', () => {
    const { steps } = planJob(specOf({ T: [5, 10] }), dataset, machine);
    expect(steps.map(({ step }) => step.name)).toEqual([
      'neighbours',
      'search',
      'restarts',
      'search',
      'restarts',
      'faces',
      'faces',
      'faces',
      'faces',
      'region',
      'scan',
      'evaluation',
    ]);
    const seen = new Set<string>();
    for (const { key, needs } of steps) {
      for (const need of needs) expect(seen).toContain(need);
      seen.add(key);
    }
  });

  test('a given q needs no search', () => {
    expect([...keysOf({ q: 0.5, search: 'paper' }).keys()]).toEqual([
      'neighbours',
      'restarts',
      'region',
      'scan',
      'evaluation',
    ]);
  });

  test('summarises as the dry run answers', () => {
    const summary = summarisePlan(planJob(specOf({}), dataset, machine));
    expect(summary.estimatedSeconds).toBeGreaterThan(0);
    expect(summary.estimatedBytes).toBeGreaterThan(0);
    expect(summary.steps).toHaveLength(9);
    expect(summary.engine).toBe('wasm');
  });

  test.each([
    [1, [1]],
    [3, [1, 2]],
    [
      [2, 5],
      [1, 2, 4],
    ],
    [700, [1, 2, 4, 8]],
  ])('searches faces of one, two, four … rectangles for T = %j', (T, expected) => {
    const rectangles = planJob(specOf({ T }), dataset, machine).steps.flatMap(({ step }) =>
      step.name === 'faces' ? [step.rectangles] : [],
    );
    expect(rectangles).toEqual(expected);
  });

  test('fewer rectangles are searched once for every T', () => {
    const keys = (T: number) =>
      planJob(specOf({ T }), dataset, machine).steps.flatMap(({ step, key }) =>
        step.name === 'faces' ? [key] : [],
      );
    expect(keys(8).slice(0, 2)).toEqual(keys(2));
    expect(keysOf({ search: 'paper' }).has('faces')).toBe(false);
    expect(keysOf({ protocol: 'paper' }).has('faces')).toBe(false);
  });
});

describe('keys', () => {
  test('neighbours depend on rows and k alone', () => {
    const key = keysOf({}).get('neighbours');
    for (const same of [
      { epsilon: 0.2 },
      { alpha: 0.1 },
      { T: 7 },
      { seed: 3 },
      { restarts: 2 },
      { domain: 'unbounded' },
    ]) {
      expect(keysOf(same).get('neighbours')).toBe(key);
    }
    for (const other of [{ neighbors: 20 }, { protocol: 'paper' }, { samples: 300 }]) {
      expect(keysOf(other).get('neighbours')).not.toBe(key);
    }
  });

  test('fractions that are the same number are the same job', () => {
    expect(keysOf({ epsilon: '16/160' })).toEqual(keysOf({ epsilon: 0.1 }));
  });

  test('integer artifacts are shared between engine classes, float artifacts are not', () => {
    const gpu = { engine: 'gpu', threads: 1 } as const;
    expect(keysOf({}, dataset, gpu).get('neighbours')).toBe(keysOf({}).get('neighbours'));
    const floats: Dataset = { ...dataset, dtype: 'f4', scale: 1 };
    expect(keysOf({}, floats, gpu).get('neighbours')).not.toBe(keysOf({}, floats).get('neighbours'));
  });
});

test('a data set that changed since submission is refused', () => {
  const other = { ...dataset, digest: 'c'.repeat(64) };
  expect(() => planJob(specOf({}), other, machine)).toThrow(/submit it again/);
});

describe('the plan of balls', () => {
  const balls = { metric: 'l2', epsilon: 0.5, T: [5, 20] };

  test('is one step for each T, whose key carries what the search depends on', () => {
    const { steps } = planJob(specOf(balls), dataset, machine);
    expect(steps.map(({ step }) => step.name)).toEqual(['balls', 'balls', 'region', 'scan', 'evaluation']);
    const key = (change: object) => keysOf({ ...balls, T: 5, ...change }).get('balls');
    expect(key({ confidence: 0.9, seed: 7 })).toBe(key({}));
    for (const change of [
      { T: 6 },
      { epsilon: 0.25 },
      { alpha: 0.1 },
      { slack: 0.5 },
      { protocol: 'paper' },
    ]) {
      expect(key(change)).not.toBe(key({}));
    }
    expect(key({ metric: 'linf', method: 'balls' })).not.toBe(key({}));
  });

  test('carries gamma where it is given, and keeps its key where it is not', () => {
    const soft: Dataset = { ...dataset, softLabels: { classes: 3, train: 'c'.repeat(64) } };
    const stepOf = (change: object) =>
      planJob(specOf({ ...balls, T: 5, ...change }, soft), soft, machine).steps[0]?.step;
    expect(stepOf({ gamma: 0.3 })).toEqual({ ...stepOf({}), gamma: 0.3 });
    expect(stepOf({ gamma: 0 })).toMatchObject({ gamma: 0 });
    expect(stepOf({})).toStrictEqual({
      name: 'balls',
      rows: { dataset: soft.digest, part: 'fit' },
      metric: 'l2',
      epsilon: '1/2',
      alpha: 0.05,
      slack: 0,
      T: 5,
    });
  });

  test('says what memory the lists take, and what more balls cost', () => {
    const few = planJob(specOf({ ...balls, T: 5 }), dataset, machine);
    const many = planJob(specOf({ ...balls, T: 20 }), dataset, machine);
    const dense = planJob(specOf({ ...balls, T: 5, alpha: 0.5 }), dataset, machine);
    expect(dense.estimatedBytes - few.estimatedBytes).toBe(12 * 800 * (400 - 40));
    expect(many.estimatedSeconds).toBeGreaterThan(few.estimatedSeconds);
    // MNIST at α .01 and slack .25, and its three ε in one pass.
    expect(ballsBytes(60_000, 750)).toBe(540e6);
    expect(ballsBytes(60_000, 750, 3)).toBe(1080e6);
  });
});

describe('the plan of a half-space', () => {
  const halfspace = { method: 'halfspace', T: undefined };

  test('shares its components with every ε, α and metric, and carries what the search depends on', () => {
    const { steps } = planJob(specOf(halfspace), dataset, machine);
    expect(steps.map(({ step }) => step.name)).toEqual(['components', 'region', 'scan', 'evaluation']);
    const keys = keysOf(halfspace);
    for (const change of [{ metric: 'l2' }, { epsilon: 0.2 }, { alpha: 0.1 }, { slack: 0.5 }]) {
      const others = keysOf({ ...halfspace, ...change });
      expect(others.get('components')).toBe(keys.get('components'));
      expect(others.get('region')).not.toBe(keys.get('region'));
    }
    expect(keysOf({ ...halfspace, confidence: 0.9 }).get('region')).toBe(keys.get('region'));
    expect(keysOf({ ...halfspace, protocol: 'paper' }).get('components')).not.toBe(keys.get('components'));
    expect(keysOf(halfspace, dataset, { engine: 'gpu', threads: 1 }).get('components')).not.toBe(
      keys.get('components'),
    );
  });
});
