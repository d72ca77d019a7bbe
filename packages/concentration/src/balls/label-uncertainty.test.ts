import { parseRational, rational } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import { createReferenceEngine, createWasmEngine, type Engine } from '@levy/kernels';
import { coveredCount, requiredLevel } from '@levy/plan';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { measure } from '../measure.js';
import { decodeRegion, type RegionFile } from '../region/region-file.js';
import { verifyRegion } from '../region/verify-region.js';
import { rowIndices } from '../rows/row-list.js';
import { LiteralShortfall, literalBalls } from '../testing/literal-balls.js';
import { type SmallDataset, smallDataset, specFor } from '../testing/small-dataset.js';
import { UnattainableGamma } from './uncertainty-demand.js';

let wasm: Engine;
const reference = createReferenceEngine();

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm[Symbol.asyncDispose]();
});

const BALLS = { metric: 'l2', method: 'balls', protocol: 'paper', epsilon: '2/255', alpha: 0.2, T: 3 };

async function measured(dataset: LoadedDataset, change: object, engine: Engine = wasm) {
  const spec = specFor(dataset, { ...BALLS, ...change });
  const { result, files } = await measure(spec, {
    ...{ dataset, engine, artifacts: memoryArtifacts(), host: 'test' },
  });
  const file = files[0]?.bytes ?? new Uint8Array();
  const region = await decodeRegion(file);
  expect(verifyRegion(region, dataset).agrees).toBe(true);
  return { result, region, file };
}

/** 1 − (u_y − max_{y'≠y} u_{y'}), plainly. */
function plainUncertainty(soft: readonly number[], label: number | undefined): number {
  const y = label ?? soft.indexOf(Math.max(...soft));
  return 1 - ((soft[y] ?? 0) - Math.max(...soft.filter((_, other) => other !== y)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the rows of a split, the ball of the region file that first covers each; −1 if none does. In float64. */
function firstBalls({ shape, metric }: RegionFile, rows: readonly (readonly number[])[]): number[] {
  if (shape.kind !== 'balls') throw new Error('no balls');
  const { center, radius, storedRadius, columns } = shape;
  return rows.map((row) =>
    Array.from(radius).findIndex((r, t) => {
      // Bytes in whole numbers, so that no comparison is rounded.
      const scale = storedRadius === undefined ? 1 : 255;
      const apart = row.map((x, j) => Math.abs(x - scale * (center[t * columns + j] ?? 0)));
      const whole = storedRadius === undefined ? apart : apart.map(Math.round);
      const most = storedRadius === undefined ? r : Number(storedRadius[t]);
      if (metric === 'linf') return Math.max(...whole) <= most;
      const squared = whole.reduce((sum, one) => sum + one * one, 0);
      return (storedRadius === undefined ? Math.sqrt(squared) : squared) <= most;
    }),
  );
}

/** Mean label uncertainty of what every ball newly covers, and of all rows in the region. */
function bruteForce(
  region: RegionFile,
  rows: readonly (readonly number[])[],
  uncertainty: readonly number[],
) {
  const first = firstBalls(region, rows);
  const T = region.shape.kind === 'balls' ? region.shape.T : 0;
  return {
    balls: Array.from({ length: T }, (_, t) => mean(uncertainty.filter((_lu, x) => first[x] === t))),
    whole: mean(uncertainty.filter((_lu, x) => (first[x] ?? -1) >= 0)),
  };
}

/** Few columns and few values, full of ties and duplicates; two classes, probabilities in twentieths. */
const planted = fc
  .record({ columns: fc.integer({ min: 1, max: 3 }), most: fc.constantFrom(1, 2, 6, 20) })
  .chain(({ columns, most }) =>
    fc.record({
      rows: fc.array(
        fc.record({
          values: fc.array(fc.integer({ min: 0, max: most }), { minLength: columns, maxLength: columns }),
          twentieths: fc.integer({ min: 0, max: 20 }),
          label: fc.constantFrom(0, 1),
        }),
        { minLength: 5, maxLength: 30, size: 'max' },
      ),
      isLabelled: fc.boolean(),
    }),
  );
const jobs = fc.record({
  metric: fc.constantFrom('l2' as const, 'linf' as const),
  epsilon: fc.constantFrom('0/1', '1/255', '2/255', '1/300', '4/765', '7/255'),
  alpha: fc.constantFrom(0.01, 0.1, 0.3, 0.5),
  slack: fc.constantFrom(0, 0.25),
  T: fc.integer({ min: 1, max: 6 }),
  /** In twentieths. */
  gamma: fc.oneof(fc.integer({ min: 8, max: 26 }), fc.integer({ min: 0, max: 40 })),
});

describe('balls under a demand of label uncertainty', () => {
  test('are those of the algorithm written out, or fail with its figure', async () => {
    const seen = { placed: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(planted, jobs, async ({ rows, isLabelled }, { gamma, ...job }) => {
        const need = coveredCount(requiredLevel(job.alpha, job.slack), rows.length, 'ceil');
        fc.pre(need < rows.length);
        const soft = rows.map(({ twentieths }) => [twentieths / 20, (20 - twentieths) / 20]);
        const labels = rows.map(({ label }) => label);
        const train = rows.map(({ values }) => values);
        const dataset = smallDataset({
          ...{ train, test: train },
          soft: { train: soft, ...(isLabelled ? { labels: { train: labels, test: labels } } : {}) },
        });
        const uncertainty = rows.map(({ twentieths, label }) => {
          const sure = 2 * twentieths - 20;
          return 20 - (isLabelled ? (label === 0 ? sure : -sure) : Math.abs(sure));
        });
        const epsilon = parseRational(job.epsilon);
        const stored = rational(epsilon.num * 255n, epsilon.den);
        const literal = () =>
          literalBalls(train, job.metric, stored, need, job.T, { gamma, uncertainty, parts: 20 });
        let expected: ReturnType<typeof literal> | LiteralShortfall;
        try {
          expected = literal();
        } catch (error) {
          if (!(error instanceof LiteralShortfall)) throw error;
          expected = error;
        }
        for (const engine of [wasm, reference]) {
          const measuring = measured(dataset, { ...job, gamma: gamma / 20 }, engine);
          if (expected instanceof LiteralShortfall) {
            seen.failed++;
            const { placed, attainable } = expected;
            const refusal = await measuring.catch((error: unknown) => error);
            if (!(refusal instanceof UnattainableGamma)) throw refusal;
            expect(refusal).toMatchObject({ kind: 'input', attainable });
            expect(refusal.message).toContain(`ball ${placed + 1} must newly cover`);
            expect(refusal.message).toContain(`newly cover there is ${attainable}; lower gamma`);
            continue;
          }
          seen.placed++;
          const { region, result } = await measuring;
          if (region.shape.kind !== 'balls') throw new Error('no balls');
          const { center, storedRadius, columns, T } = region.shape;
          const found = Array.from({ length: T }, (_, t) => ({
            center: Array.from(center.subarray(t * columns, (t + 1) * columns), (x) => Math.round(x * 255)),
            radius: Number(storedRadius?.[t]),
          }));
          expect(found).toEqual(expected.map(({ row, radius }) => ({ center: train[row], radius })));
          const plain = soft.map((u, x) => plainUncertainty(u, isLabelled ? labels[x] : undefined));
          const brute = bruteForce(region, train, plain);
          for (const one of brute.balls) expect(one).toBeGreaterThanOrEqual(gamma / 20 - 1e-9);
          expect(result.best.train.labelUncertainty).toBeCloseTo(brute.whole, 9);
          expect(brute.whole).toBeGreaterThanOrEqual(gamma / 20 - 1e-9);
          expect(result.best.test).not.toHaveProperty('labelUncertainty');
        }
      }),
      { numRuns: 120 },
    );
    expect(seen.placed).toBeGreaterThan(20);
    expect(seen.failed).toBeGreaterThan(20);
  });

  test('on floats full of ties meet it with every row that they are counted with', async () => {
    const outcomes = { placed: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            steps: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 9, maxLength: 9 }),
            quarters: fc.integer({ min: 2, max: 4 }),
          }),
          { minLength: 12, maxLength: 40, size: 'max' },
        ),
        fc.record({ gamma: fc.integer({ min: 35, max: 80 }), T: fc.integer({ min: 1, max: 5 }) }),
        async (rows, { gamma, T }) => {
          // Tenths tie in decimals; in float32 and in float64 such distances differ by a hair, and not alike.
          const train = rows.map(({ steps }) => steps.map((step) => Math.fround(step / 10)));
          const soft = rows.map(({ quarters }) => [quarters / 4, 1 - quarters / 4]);
          const dataset = smallDataset({ train, test: train, dtype: 'f4', soft: { train: soft } });
          const uncertainty = soft.map((u) => plainUncertainty(u, undefined));
          try {
            const { region } = await measured(dataset, { gamma: gamma / 100, T, epsilon: 0.1 });
            for (const one of bruteForce(region, train, uncertainty).balls) {
              expect(one).toBeGreaterThanOrEqual(gamma / 100 - 1e-9);
            }
            outcomes.placed++;
          } catch (error) {
            if (!(error instanceof UnattainableGamma)) throw error;
            expect(error.attainable).toBeLessThan(gamma / 100);
            outcomes.failed++;
          }
        },
      ),
      // With this seed a search that looks at its own distances alone breaks the demand.
      { numRuns: 80, seed: 2, endOnFailure: true },
    );
    expect(outcomes.placed).toBeGreaterThan(3);
    expect(outcomes.failed).toBeGreaterThan(3);
  });
});

/** Five clusters about corners of the box, sixty rows each; the rows of the middle one are uncertain, some of its neighbour's too. */
function clusters(n: number, shift: number): { rows: number[][]; soft: number[][]; labels: number[] } {
  const centres = [
    [20, 20, 20],
    [230, 20, 20],
    [20, 230, 20],
    [128, 128, 128],
    [20, 20, 230],
  ];
  const each = Array.from({ length: n }, (_, i) => {
    const cluster = i % 5;
    const noise = (j: number) => Math.round(14 * Math.sin(i * (j + 1.7) + shift + j));
    const centre = centres[cluster] ?? [];
    const doubt = cluster === 3 ? 0.3 + ((i * 7) % 10) / 50 : cluster === 2 ? ((i * 3) % 5) / 20 : 0.01;
    const soft = [0, 1, 2, 3, 4].map((y) =>
      y === cluster ? 1 - doubt : y === (cluster + 1) % 5 ? doubt : 0,
    );
    return { row: centre.map((x, j) => Math.min(255, Math.max(0, x + noise(j)))), soft, label: cluster };
  });
  return {
    rows: each.map(({ row }) => row),
    soft: each.map(({ soft }) => soft),
    labels: each.map(({ label }) => label),
  };
}

describe('a data set with one uncertain cluster', () => {
  const [train, held] = [clusters(300, 0), clusters(150, 0.4)];
  const planned: SmallDataset = {
    train: train.rows,
    test: held.rows,
    soft: { train: train.soft, test: held.soft, labels: { train: train.labels, test: held.labels } },
  };
  const dataset = smallDataset(planned);
  const uncertainty = train.soft.map((u, x) => plainUncertainty(u, train.labels[x]));
  const heldUncertainty = held.soft.map((u, x) => plainUncertainty(u, held.labels[x]));

  test('every ball brings what gamma demands, and the estimate tells the means', async () => {
    const free = await measured(dataset, { alpha: 0.15, T: 5 });
    expect(free.result.best.train.labelUncertainty).toBeLessThan(0.3);
    expect(free.result).not.toHaveProperty('gamma');
    for (const gamma of [0.3, 0.6, 0.75]) {
      for (const metric of ['l2', 'linf']) {
        const { region, result } = await measured(dataset, { alpha: 0.15, T: 5, gamma, metric });
        const brute = bruteForce(region, train.rows, uncertainty);
        expect(brute.balls.length).toBeGreaterThan(1);
        for (const one of brute.balls) expect(one).toBeGreaterThanOrEqual(gamma - 1e-9);
        expect(result.gamma).toBe(gamma);
        expect(result.best.train.labelUncertainty).toBeCloseTo(brute.whole, 9);
        expect(result.best.train.labelUncertainty).toBeGreaterThanOrEqual(gamma);
        const test = bruteForce(region, held.rows, heldUncertainty);
        expect(result.best.test.labelUncertainty).toBeCloseTo(test.whole, 9);
      }
    }
  });

  test.each([undefined, 150])('under holdout it is met on the fitted rows, of %s samples', async (count) => {
    const job = { protocol: 'holdout', alpha: 0.15, T: 4, gamma: 0.7, seed: 3, samples: count };
    const { region, result } = await measured(dataset, job);
    const samples = count === undefined ? {} : { samples: { count, seed: 3 } };
    const fit = [...rowIndices({ dataset: dataset.dataset.digest, part: 'fit', ...samples }, dataset)];
    const of = <V>(list: readonly V[]) => fit.flatMap((row) => list.slice(row, row + 1));
    const brute = bruteForce(region, of(train.rows), of(uncertainty));
    for (const one of brute.balls) expect(one).toBeGreaterThanOrEqual(0.7 - 1e-9);
    expect(result.best.train.labelUncertainty).toBeCloseTo(brute.whole, 9);
    expect(result.best.validation?.labelUncertainty).toBeGreaterThan(0.5);
  });

  test('gamma 0 is no gamma, to the byte', async () => {
    for (const T of [4, [2, 5]]) {
      const [none, zero] = [await measured(dataset, { T }), await measured(dataset, { T, gamma: 0 })];
      expect(zero.file).toEqual(none.file);
      const { gamma, provenance: _p, timings: _t, ...figures } = zero.result;
      expect(gamma).toBe(0);
      expect(none.result).toMatchObject(figures);
    }
  });

  test('more than can be had fails with what can, and that figure can be had', async () => {
    // One ball of 60 rows or more: by brute force over all centres and ranks.
    const need = 60;
    let best = 0;
    for (const centre of train.rows) {
      const apart = train.rows.map((row) => row.reduce((sum, x, j) => sum + (x - (centre[j] ?? 0)) ** 2, 0));
      const radius = apart.toSorted((a, b) => a - b)[need - 1] ?? 0;
      best = Math.max(best, mean(uncertainty.filter((_, x) => (apart[x] ?? 0) <= radius)));
    }
    const job = { alpha: 0.2, T: 1 };
    const figure = Math.floor(best * 1e9 + 1e-3) / 1e9;
    const refusal = measured(dataset, { ...job, gamma: 0.95 });
    await expect(refusal).rejects.toThrow(
      `gamma = 0.95 cannot be had with T = 1: ball 1 must newly cover at least 60 rows, and the largest mean label ` +
        `uncertainty of the rows that a ball could newly cover there is ${figure}; lower gamma or raise T`,
    );
    const { result } = await measured(dataset, { ...job, gamma: figure });
    expect(result.best.train.labelUncertainty).toBeCloseTo(best, 9);
    await expect(measured(dataset, { ...job, gamma: figure + 2e-9 })).rejects.toThrow(`${figure}`);
  });

  test('of several T those that cannot meet it are left out, and told', async () => {
    const job = { alpha: 0.1, gamma: 0.76 };
    await expect(measured(dataset, { ...job, T: 1 })).rejects.toThrow('cannot be had with T = 1');
    const alone = await measured(dataset, { ...job, T: 20 });
    const { result, file } = await measured(dataset, { ...job, T: [1, 20] });
    expect(file).toEqual(alone.file);
    const warning = result.warnings.find(({ code }) => code === 'gamma-unattainable');
    expect(warning?.detail).toMatch(/T = 1 \(at most 0\.\d+\)/);
    await expect(measured(dataset, { ...job, T: [1, 2], gamma: 1.5 })).rejects.toThrow(
      'cannot be had with T',
    );
  });

  test('every method tells the label uncertainty of its region', async () => {
    const floats = smallDataset({
      ...planned,
      dtype: 'f4',
      train: train.rows.map((row, i) => row.map((x, j) => (x + Math.sin(7 * i + j)) / 255)),
      test: held.rows.map((row, i) => row.map((x, j) => (x + Math.cos(7 * i + j)) / 255)),
    });
    const plain = { method: 'axis', T: undefined, epsilon: 0.05, alpha: 0.1 };
    const rectangles = { method: 'rectangles', metric: 'linf', T: 4, restarts: 2, neighbors: 10, q: 0.5 };
    for (const change of [plain, { ...plain, method: 'hyperplane' }, { ...plain, ...rectangles }]) {
      const { result, region } = await measured(floats, change);
      for (const [split, matrix, lu] of [
        ['train', floats.train, uncertainty],
        ['test', floats.test, heldUncertainty],
      ] as const) {
        const inside = lu.filter((_, x) => isInside(region, matrix.data.subarray(3 * x, 3 * x + 3)));
        expect(inside.length).toBe(Math.round(result.best[split].risk * lu.length));
        expect(result.best[split].labelUncertainty).toBeCloseTo(mean(inside), 9);
      }
    }
  });
});

/** x ∈ E straight from the definition, for regions other than balls. */
function isInside({ shape, epsilon }: RegionFile, row: Uint8Array | Float32Array): boolean {
  const x = Array.from(row);
  if (shape.kind === 'halfspace')
    return x.reduce((sum, v, j) => sum + v * (shape.w[j] ?? 0), shape.b) <= 1e-12;
  if (shape.kind !== 'rectangles') throw new Error('balls');
  const { T, columns, center, halfEdge } = shape;
  const beyond = Number(epsilon.num) / Number(epsilon.den);
  return Array.from({ length: T }, (_, t) => t * columns).every((start) =>
    x.some((v, j) => Math.abs(v - (center[start + j] ?? 0)) - (halfEdge[start + j] ?? 0) > beyond),
  );
}

test('without soft labels nothing is told of label uncertainty', async () => {
  const { rows } = clusters(60, 0);
  const { result } = await measured(smallDataset({ train: rows, test: rows }), {});
  expect(JSON.stringify(result)).not.toContain('labelUncertainty');
});
