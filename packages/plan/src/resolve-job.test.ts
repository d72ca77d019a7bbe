import type { Dataset, Fault } from '@levy/contracts';
import { describe, expect, test } from 'vitest';
import { datasetNameOf, resolveJob } from './resolve-job.js';

const split = (rows: number) => ({ rows, bytes: rows * 784, sha256: 'b'.repeat(64) });
const images: Dataset = {
  id: 'images',
  digest: 'a'.repeat(64),
  dtype: 'u1',
  scale: 255,
  shape: [28, 28],
  columns: 784,
  valueRange: { low: 0, high: 1 },
  splits: { train: split(1000), test: split(200) },
  createdAt: '2026-01-01T00:00:00.000Z',
};
const { valueRange: _, ...unranged } = images;
const floats: Dataset = { ...unranged, dtype: 'f4', scale: 1 };
const sound = { dataset: 'images', metric: 'linf', epsilon: 0.3, alpha: 0.01, T: 10 };

function faultsOf(submission: unknown, dataset: Dataset | undefined = images): readonly Fault[] {
  const resolved = resolveJob(submission, dataset);
  return resolved.ok ? [] : resolved.faults;
}

function told(faults: readonly Fault[]): string[] {
  return faults.map((fault) => `${'pointer' in fault ? fault.pointer : '?'} ${fault.code}`);
}

describe('defaults', () => {
  test('holdout, box where a range is declared, everything filled in', () => {
    const resolved = resolveJob(sound, images);
    expect(resolved).toEqual({
      ok: true,
      spec: {
        ...sound,
        datasetDigest: images.digest,
        epsilonExact: '3/10',
        method: 'rectangles',
        protocol: 'holdout',
        domain: 'box',
        search: 'best',
        restarts: 10,
        neighbors: 50,
        iterations: 30,
        qTolerance: 0.005,
        slack: 0,
        seed: 0,
        confidence: 0.95,
        engine: 'auto',
        priority: 'interactive',
        timeoutSeconds: 86_400,
      },
    });
  });

  test('unbounded without a range, and under the paper protocol', () => {
    expect(resolveJob(sound, floats)).toMatchObject({ spec: { domain: 'unbounded' } });
    expect(resolveJob({ ...sound, protocol: 'paper' }, images)).toMatchObject({
      spec: { domain: 'unbounded' },
    });
  });

  test('a fraction stays exact', () => {
    const spec = { epsilon: 8 / 255, epsilonExact: '8/255' };
    expect(resolveJob({ ...sound, epsilon: '8/255' }, images)).toMatchObject({ spec });
  });
});

test('under l2 an ε may exceed the width of the range, up to the diameter of the box', () => {
  expect(
    resolveJob({ dataset: 'images', metric: 'l2', method: 'axis', epsilon: 4.74, alpha: 0.01 }, images).ok,
  ).toBe(true);
});

test('balls are the default under l2', () => {
  const resolved = resolveJob({ ...sound, metric: 'l2' }, images);
  expect(resolved).toMatchObject({ ok: true, spec: { method: 'balls', T: 10, slack: 0 } });
  expect(resolved.ok && Object.keys(resolved.spec)).not.toContain('neighbors');
});

test('gamma stands in the spec of balls where it is given', () => {
  const soft: Dataset = { ...images, softLabels: { classes: 10, train: 'c'.repeat(64) } };
  const balls = { ...sound, metric: 'l2' };
  for (const gamma of [0, 0.3, 2]) {
    expect(resolveJob({ ...balls, gamma }, soft)).toMatchObject({
      ok: true,
      spec: { method: 'balls', gamma },
    });
  }
  const without = resolveJob(balls, soft);
  expect(without.ok && Object.keys(without.spec)).not.toContain('gamma');
  expect(told(faultsOf({ ...sound, gamma: 0.3 }, soft))).toEqual(['#/gamma unused-field']);
});

test('balls that no engine could hold are refused with what they need', () => {
  const large = { ...images, splits: { train: split(1_000_000), test: split(200) } };
  const faults = faultsOf({ ...sound, metric: 'l2', alpha: 0.05 }, large);
  expect(told(faults)).toEqual(['#/samples too-much-memory']);
  expect(faults[0]?.detail).toContain('358.2 GiB');
  expect(faultsOf({ ...sound, metric: 'l2', alpha: 0.05, samples: 80_000 }, large)).toEqual([]);
  const wide = { ...images, columns: 40_000 };
  expect(told(faultsOf({ ...sound, metric: 'l2' }, wide))).toEqual(['#/dataset too-many']);
  expect(faultsOf({ ...sound, method: 'balls' }, wide)).toEqual([]);
});

describe('faults of meaning', () => {
  test.each([
    [{ epsilon: 8 }, '#/epsilon epsilon-range', 'did you mean 8/255?'],
    [{ epsilon: 1 }, '#/epsilon epsilon-range', 'whole value range'],
    [{ metric: 'l2', method: 'axis', T: undefined, epsilon: 28 }, '#/epsilon epsilon-range', 'under l2'],
    [{ T: 801 }, '#/T too-many', 'lower T'],
    [{ T: 799 }, '#/T too-many', '796 points'],
    [{ epsilon: 0.0012345679012345679 }, '#/epsilon precision', 'at most 18 digits'],
    [{ epsilon: 1e-20 }, '#/epsilon precision', 'at most 18 digits'],
    [{ T: 100, q: 0.1 }, '#/T too-many', 'floor(q·n)'],
    [{ T: [5, 900] }, '#/T too-many', '900'],
    [{ T: undefined }, '#/T required', 'needs T'],
    [{ neighbors: 801 }, '#/neighbors too-many', '801'],
    [{ samples: 801 }, '#/samples too-many', '800'],
    [{ method: 'hyperplane', T: undefined }, '#/method method-metric', 'rectangles, balls, halfspace, axis'],
    [{ metric: 'l2', T: undefined }, '#/T required', 'balls needs T'],
    [{ method: 'balls', T: undefined }, '#/T required', 'number of balls'],
    [{ method: 'balls', q: 0.5 }, '#/q unused-field', 'balls does not use q'],
    [{ metric: 'l2', domain: 'box' }, '#/domain unused-field', 'balls does not use domain'],
    [{ method: 'halfspace' }, '#/T unused-field', 'halfspace does not use T'],
    [{ method: 'halfspace', T: undefined, q: 0.5 }, '#/q unused-field', 'halfspace does not use q'],
    [{ method: 'halfspace', T: undefined, domain: 'box' }, '#/domain unused-field', 'does not use domain'],
    [{ metric: 'l2', method: 'hyperplane' }, '#/T unused-field', 'does not use T'],
    [
      { metric: 'l2', method: 'axis', T: undefined, domain: 'box' },
      '#/domain unused-field',
      'does not use domain',
    ],
    [{ search: 'best', protocol: 'paper' }, '#/search search-protocol', 'holdout'],
    [{ gamma: 0.5 }, '#/gamma unused-field', 'rectangles does not use gamma'],
    [{ method: 'balls', gamma: 0 }, '#/gamma no-soft-labels', 'images has no soft labels'],
    [{ metric: 'l2', gamma: 0.5 }, '#/gamma no-soft-labels', '--soft-labels'],
    [{ metric: 'l2', gamma: 2.5 }, '#/gamma maximum', '2'],
    [{ domain: 'box', protocol: 'paper' }, '#/domain domain-protocol', 'unbounded'],
    [{ alpha: 0.9, slack: 0.2 }, '#/slack level', 'below 1'],
    [{ alpha: 0.9999 }, '#/alpha level', 'all 800 rows'],
  ])('%j → %s', (change, expected, phrase) => {
    const submission = Object.fromEntries(
      Object.entries({ ...sound, ...change }).filter(([, value]) => value !== undefined),
    );
    const faults = faultsOf(submission);
    expect(told(faults)).toEqual([expected]);
    expect(faults[0]?.detail).toContain(phrase);
  });

  test('box without a declared range', () => {
    expect(told(faultsOf({ ...sound, domain: 'box' }, floats))).toEqual(['#/domain no-value-range']);
  });

  test('an unknown data set does not hide the other faults', () => {
    const resolved = resolveJob({ ...sound, dataset: 'nothing', alpha: 1, gamma: 1 }, undefined);
    expect(resolved.ok ? [] : told(resolved.faults)).toEqual([
      '#/alpha exclusiveMaximum',
      '#/dataset unknown-dataset',
      '#/gamma unused-field',
    ]);
  });

  test('faults of shape and of meaning are named together', () => {
    const job = { ...sound, seed: -1, epsilon: 8, colour: 'red', search: 'best', protocol: 'paper' };
    const faults = told(faultsOf(job));
    expect(faults.sort()).toEqual([
      '#/colour unknown-field',
      '#/epsilon epsilon-range',
      '#/search search-protocol',
      '#/seed minimum',
    ]);
  });

  test('no test rows, too few rows', () => {
    const empty = { ...images, splits: { train: split(4), test: split(0) } };
    expect(told(faultsOf({ ...sound, T: 1, neighbors: 2 }, empty))).toEqual([
      '#/dataset no-test-rows',
      '#/dataset too-few-rows',
    ]);
  });
});

test('the data set is looked up only under a well-formed name', () => {
  expect(datasetNameOf(sound)).toBe('images');
  expect(datasetNameOf({ ...sound, dataset: '../../etc/passwd' })).toBeUndefined();
  expect(datasetNameOf('images')).toBeUndefined();
});
