import type { Dataset, Fault, JobSpec } from '@levy/contracts';
import { describe, expect, test } from 'vitest';
import { planJob } from './plan-job.js';
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
const job = { dataset: 'rows', metric: 'linf', method: 'all', epsilon: 0.1, alpha: 0.05, T: [5, 9] };

function specOf(change: object): JobSpec {
  const resolved = resolveJob({ ...job, ...change }, dataset);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.spec;
}

function faultsOf(change: object, of: Dataset = dataset): readonly Fault[] {
  const submission = Object.entries({ ...job, ...change }).filter(([, value]) => value !== undefined);
  const resolved = resolveJob(Object.fromEntries(submission), of);
  return resolved.ok ? [] : resolved.faults;
}

function told(faults: readonly Fault[]): string[] {
  return faults.map((fault) => `${'pointer' in fault ? fault.pointer : '?'} ${fault.code}`);
}

/** The fields that the methods of a metric take; what others they share is the job's. */
const METHODS = {
  linf: {
    rectangles: { T: [5, 9] },
    balls: { T: [5, 9] },
    halfspace: { T: undefined },
    axis: { T: undefined },
  },
  l2: {
    balls: { T: [5, 9] },
    hyperplane: { T: undefined },
    halfspace: { T: undefined },
    axis: { T: undefined },
  },
} as const;

describe('the plan of all methods', () => {
  test.each(['linf', 'l2'] as const)('%s: holds every step of each method, under its own key', (metric) => {
    for (const change of [{}, { protocol: 'paper', samples: 300, seed: 4 }, { slack: 0.25, alpha: 0.01 }]) {
      const { steps } = planJob(specOf({ metric, ...change }), dataset, machine);
      const keys = new Set(steps.map(({ key }) => key));
      const singles = Object.entries(METHODS[metric]).flatMap(([method, fields]) => {
        const alone = Object.entries({ ...job, metric, ...change, method, ...fields });
        const resolved = resolveJob(
          Object.fromEntries(alone.filter(([, value]) => value !== undefined)),
          dataset,
        );
        if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
        return planJob(resolved.spec, dataset, machine).steps;
      });
      const shared = singles.filter(({ step }) => step.name !== 'evaluation');
      for (const { key } of shared) expect(keys).toContain(key);
      // Besides them, the choice and its evaluation.
      expect(keys.size).toBe(new Set(shared.map(({ key }) => key)).size + 2);
    }
  });

  test('has the steps after what they need, and costs what they cost', () => {
    const { steps, estimatedSeconds, estimatedBytes } = planJob(specOf({}), dataset, machine);
    const seen = new Set<string>();
    for (const { key, needs } of steps) {
      for (const need of needs) expect(seen).toContain(need);
      seen.add(key);
    }
    const rectangles = planJob(specOf({ method: 'rectangles' }), dataset, machine);
    expect(estimatedSeconds).toBeGreaterThan(rectangles.estimatedSeconds);
    expect(estimatedBytes).toBeGreaterThan(rectangles.estimatedBytes);
  });

  test('its choice depends on α, slack, ε, protocol and on every candidate', () => {
    const keyOf = (change: object) =>
      planJob(specOf(change), dataset, machine).steps.find(
        ({ step }) => step.name === 'region' && step.kind === 'all',
      )?.key;
    const same = { confidence: 0.9, engine: 'wasm', tags: ['a'] };
    expect(keyOf(same)).toBe(keyOf({}));
    for (const change of [
      { alpha: 0.06 },
      { slack: 0.1 },
      { epsilon: 0.2 },
      { protocol: 'paper' },
      { T: 5 },
      { seed: 1 },
      { domain: 'unbounded' },
    ])
      expect(keyOf(change), JSON.stringify(change)).not.toBe(keyOf({}));
  });
});

describe('a job over all methods', () => {
  test('takes the fields of rectangles under linf, with their defaults', () => {
    expect(specOf({})).toMatchObject({
      ...{ metric: 'linf', method: 'all', T: [5, 9], domain: 'box', search: 'best', restarts: 10 },
      ...{ neighbors: 50, iterations: 30, qTolerance: 0.005, protocol: 'holdout', slack: 0 },
    });
    expect(specOf({ protocol: 'paper' })).toMatchObject({ domain: 'unbounded' });
    expect(specOf({ q: 0.5, restarts: 2, neighbors: 7 })).toMatchObject({
      q: 0.5,
      restarts: 2,
      neighbors: 7,
    });
  });

  test('has none of them under l2', () => {
    const spec = specOf({ metric: 'l2' });
    for (const field of ['domain', 'search', 'restarts', 'q', 'neighbors', 'iterations', 'qTolerance'])
      expect(spec).not.toHaveProperty(field);
  });

  test.each([
    [{ T: undefined }, ['#/T required'], 'number of rectangles and of balls'],
    [{ metric: 'l2', T: undefined }, ['#/T required'], 'number of balls'],
    [{ metric: 'l2', domain: 'box' }, ['#/domain unused-field'], 'under l2 all does not use domain'],
    [
      { metric: 'l2', q: 0.5, restarts: 3, search: 'paper' },
      ['#/search unused-field', '#/restarts unused-field', '#/q unused-field'],
      'leave it out',
    ],
    [{ q: 0.5, qTolerance: 0.1 }, ['#/qTolerance unused-field'], 'nothing is searched'],
    [{ domain: 'box', protocol: 'paper' }, ['#/domain domain-protocol'], 'unbounded'],
    [{ T: [5, 801] }, ['#/T too-many'], '801 rectangles'],
    [{ neighbors: 900 }, ['#/neighbors too-many'], '900'],
  ])('is refused as its methods are: %j', (change, expected, phrase) => {
    const faults = faultsOf(change);
    expect(told(faults)).toEqual(expected);
    expect(faults[0]?.detail).toContain(phrase);
  });

  test('is refused with gamma, which is for balls', () => {
    expect(told(faultsOf({ gamma: 0.5 })).map((fault) => fault.split(' ')[0])).toEqual(['#/gamma']);
  });

  test('is refused where its balls would not fit beside its rectangles', () => {
    const rows = (count: number) => ({ ...dataset, splits: { train: split(count), test: split(200) } });
    const [large] = faultsOf({}, rows(1_000_000));
    expect(large).toMatchObject({ pointer: '#/samples', code: 'too-much-memory' });
    // 12 bytes for each of n·n_tot entries and 64 for each row; sorted by density too, it is 64 more.
    const n = 81_000;
    const bytes = (copies: number) => 12 * n * Math.ceil(n * 0.05444) + copies * 64 * n;
    expect([bytes(1) <= 2 ** 32, bytes(2) <= 2 ** 32]).toEqual([true, false]);
    const close = rows((n * 5) / 4);
    expect(faultsOf({ method: 'balls', alpha: 0.05444 }, close)).toEqual([]);
    expect(told(faultsOf({ alpha: 0.05444 }, close))).toEqual(['#/samples too-much-memory']);
  });
});
