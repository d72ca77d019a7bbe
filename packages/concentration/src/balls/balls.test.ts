import { parseRational, rational } from '@levy/contracts';
import { createReferenceEngine, createWasmEngine, type Engine } from '@levy/kernels';
import { coveredCount, requiredLevel } from '@levy/plan';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { measure } from '../measure.js';
import { decodeRegion } from '../region/region-file.js';
import { verifyRegion } from '../region/verify-region.js';
import { isWithin, literalBalls } from '../testing/literal-balls.js';
import { smallDataset, specFor } from '../testing/small-dataset.js';
import { reachOf } from './reach.js';

let wasm: Engine;
const reference = createReferenceEngine();

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm[Symbol.asyncDispose]();
});

type Rows = number[][];

async function measured(train: Rows, test: Rows, change: object, engine: Engine = wasm) {
  const dataset = smallDataset({ train, test });
  const job = {
    metric: 'l2',
    method: 'balls',
    protocol: 'paper',
    epsilon: '2/255',
    alpha: 0.2,
    T: 3,
    ...change,
  };
  const { result, files } = await measure(specFor(dataset, job), {
    dataset,
    engine,
    artifacts: memoryArtifacts(),
    host: 'test',
  });
  const region = await decodeRegion(files[0]?.bytes ?? new Uint8Array());
  if (region.shape.kind !== 'balls') throw new Error('no balls');
  const { center, radius, storedRadius, columns } = region.shape;
  const balls = Array.from(radius, (_, t) => ({
    center: Array.from(center.subarray(t * columns, (t + 1) * columns), (value) => Math.round(value * 255)),
    radius: Number(storedRadius?.[t]),
  }));
  return { result, balls, verification: verifyRegion(region, dataset) };
}

/** Few columns and few values: full of ties and duplicates. */
const small = fc
  .record({ columns: fc.integer({ min: 1, max: 3 }), most: fc.constantFrom(1, 2, 6, 20) })
  .chain(({ columns, most }) => {
    const row = fc.array(fc.integer({ min: 0, max: most }), { minLength: columns, maxLength: columns });
    return fc.record({
      train: fc.array(row, { minLength: 5, maxLength: 30 }),
      test: fc.array(row, { minLength: 1, maxLength: 12 }),
    });
  });
const jobs = fc.record({
  metric: fc.constantFrom('l2' as const, 'linf' as const),
  epsilon: fc.constantFrom('0/1', '1/255', '2/255', '1/300', '4/765', '7/255', '1/90'),
  alpha: fc.constantFrom(0.01, 0.1, 0.3, 0.5),
  slack: fc.constantFrom(0, 0.25),
  T: fc.integer({ min: 1, max: 6 }),
});

describe('the greedy balls', () => {
  test('are those of the algorithm written out, engine by engine, and hold what they claim', async () => {
    await fc.assert(
      fc.asyncProperty(small, jobs, async ({ train, test }, job) => {
        const need = coveredCount(requiredLevel(job.alpha, job.slack), train.length, 'ceil');
        fc.pre(need < train.length);
        const epsilon = parseRational(job.epsilon);
        const stored = rational(epsilon.num * 255n, epsilon.den);
        const expected = literalBalls(train, job.metric, stored, need, job.T).map(({ row, radius }) => ({
          center: train[row],
          radius,
        }));
        for (const engine of [wasm, reference]) {
          const { result, balls, verification } = await measured(train, test, job, engine);
          expect(balls).toEqual(expected);
          expect(verification.agrees).toBe(true);
          const { best, epsilonCurve } = result;
          expect(best.train.risk).toBeGreaterThanOrEqual(need / train.length);
          for (const split of [best.train, best.test])
            expect(split.advRisk).toBeGreaterThanOrEqual(split.risk);
          expect(epsilonCurve[0]?.advRisk).toBe(best.test.risk);
          expect(epsilonCurve[32]?.advRisk).toBe(best.test.advRisk);
          epsilonCurve.reduce((before, now) => {
            expect(now.advRisk).toBeGreaterThanOrEqual(before.advRisk);
            return now;
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('do not depend on the order of the coordinates', async () => {
    const row = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 8, maxLength: 30 }), jobs, async (train, job) => {
        fc.pre(coveredCount(requiredLevel(job.alpha, job.slack), train.length, 'ceil') < train.length);
        const turned = train.map(([a = 0, b = 0, c = 0]) => [c, a, b]);
        const [one, other] = [await measured(train, train, job), await measured(turned, turned, job)];
        expect(other.balls.map(({ radius }) => radius)).toEqual(one.balls.map(({ radius }) => radius));
        expect(other.result.best).toEqual(one.result.best);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['all points equal', Array.from({ length: 30 }, () => [9, 9])],
    ['constant coordinates', Array.from({ length: 30 }, (_, i) => [i % 3, 9])],
    ['duplicated rows', Array.from({ length: 30 }, (_, i) => [i % 2, (i % 2) * 200])],
    ['two clusters far apart', Array.from({ length: 30 }, (_, i) => [(i % 2) * 250 + (i % 5), i % 3])],
    ['one coordinate', Array.from({ length: 30 }, (_, i) => [i])],
    ['two points', [[0], [255]]],
  ])('on degenerate data: %s', async (_, rows) => {
    for (const metric of ['l2', 'linf']) {
      for (const T of [1, 40]) {
        const { verification, result } = await measured(rows, rows, { metric, T });
        expect(verification.agrees).toBe(true);
        expect(result.best.train.risk).toBeGreaterThanOrEqual(0.2);
      }
    }
  });

  test('of several T are those of each T alone, the best on the choosing split', async () => {
    const rows = (n: number, shift: number): Rows =>
      Array.from({ length: n }, (_, i) => [((i + shift) * 37) % 100, ((i + shift) * 53) % 90, (i * i) % 80]);
    const [train, test] = [rows(120, 0), rows(60, 7)];
    const change = { epsilon: '9/255', alpha: 0.1 };
    const list = await measured(train, test, { ...change, T: [6, 1, 3] });
    const alone = [];
    for (const T of [6, 1, 3]) alone.push({ T, ...(await measured(train, test, { ...change, T })) });
    const chosen = alone.find(({ T }) => T === list.result.T);
    expect(list.balls).toEqual(chosen?.balls);
    // α of the 60 rows is 6, less a standard error 3.7: four at least.
    const feasible = alone.filter(({ result }) => Math.round(result.best.test.risk * 60) >= 4);
    const best = Math.min(...feasible.map(({ result }) => result.best.test.advRisk));
    expect(list.result.best.test.advRisk).toBe(feasible.length > 0 ? best : chosen?.result.best.test.advRisk);
    expect(list.result.best.test.riskInterval).toBeUndefined();
    expect(alone[0]?.result.best.test.riskInterval).toBeDefined();
  });

  test('on floats: the recount agrees, whatever the engine', async () => {
    const rows = (n: number, shift: number) =>
      Array.from({ length: n }, (_, i) => [
        Math.sin(i + shift),
        Math.cos(i * 1.3 + shift),
        ((i * 7) % 10) / 10,
      ]);
    const dataset = smallDataset({ train: rows(120, 0), test: rows(60, 0.3), dtype: 'f4' });
    for (const metric of ['l2', 'linf']) {
      const spec = specFor(dataset, { metric, method: 'balls', epsilon: 0.2, alpha: 0.1, T: 3 });
      for (const engine of [wasm, reference]) {
        const { result, files } = await measure(spec, {
          dataset,
          engine,
          artifacts: memoryArtifacts(),
          host: 'test',
        });
        const region = await decodeRegion(files[0]?.bytes ?? new Uint8Array());
        expect(verifyRegion(region, dataset).agrees).toBe(true);
        expect(result.best.train.risk).toBeGreaterThanOrEqual(0.1);
      }
    }
  });

  test('stop soon after an abort, while balls are placed too', async () => {
    const dataset = smallDataset({
      train: Array.from({ length: 1200 }, (_, i) => [(i * 37) % 251, (i * 53) % 241, (i * 11) % 239]),
      test: [[0, 0, 0]],
    });
    const controller = new AbortController();
    const stopped = measure(
      specFor(dataset, { metric: 'l2', method: 'balls', epsilon: '3/255', alpha: 0.2, T: 300 }),
      {
        ...{ dataset, engine: wasm, artifacts: memoryArtifacts(), host: 'test', signal: controller.signal },
        onProgress: ({ phase, done, total }) => {
          if (phase === 'balls' && done > 0.96 * total) controller.abort(new Error('enough'));
        },
      },
    );
    await expect(stopped).rejects.toThrow('enough');
  });
});

describe('reach', () => {
  test.each(['l2', 'linf'] as const)('is the last distance within r + ε, exactly, in %s', (metric) => {
    const fraction = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 999 }));
    const radius = fc.oneof(
      fc.integer({ min: 0, max: 200_000_000 }),
      fc.integer({ min: 0, max: 14_000 }).map((root) => root * root),
    );
    fc.assert(
      fc.property(fraction, radius, ([num, den], R) => {
        const epsilon = rational(num, den);
        const stored = rational(epsilon.num * 255n, epsilon.den);
        const limit = reachOf(metric, 'u1', epsilon, 255)(R);
        fc.pre(limit < 2 ** 31 - 1);
        expect(isWithin(limit, R, metric, stored)).toBe(true);
        expect(isWithin(limit + 1, R, metric, stored)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('stops at what distances can be', () => {
    expect(reachOf('l2', 'u1', rational(1000), 255)(2 ** 30)).toBe(2 ** 31 - 1);
  });
});
