import { type Domain, parseRational, type Rational } from '@levy/contracts';
import { coveredCount } from '@levy/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import type { RegionFile } from '../region/region-file.js';
import { bothEngines, ENGINE_NAMES } from '../testing/both-engines.js';
import { measureSmall } from '../testing/measure-small.js';
import {
  cases,
  datasetOf,
  epsilonOf,
  MOST,
  type SmallData,
  smallData,
  smallEpsilon,
  smallLevel,
  UNITS,
} from '../testing/small-data.js';
import { isRefused } from '../testing/small-dataset.js';
import { SMALL_JOBS } from '../testing/small-jobs.js';

// method §8, what is said of rectangles. With q given and one run, ε takes no part in where they are.
const engineOf = bothEngines();
const FIXED = { metric: 'linf', method: 'rectangles', search: 'paper', restarts: 1, neighbors: 2 };
const ranged = smallData({ storages: ['bytes', 'eighths', 'sevenths'] });
const SEARCHES = SMALL_JOBS.filter(({ job }) => job.method === 'rectangles');

describe.each(ENGINE_NAMES)('on %s', (engine) => {
  test('the same rectangles: box ≤ unbounded; as ε grows risk and box advRisk fall, unbounded stays', async () => {
    const setting = fc.record({
      q: fc.constantFrom(0.3, 0.5, 0.7, 0.9),
      T: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(ranged, setting, async (data, { q, T, seed }) => {
        const dataset = datasetOf(data);
        const artifacts = memoryArtifacts();
        const at = async (p: number, domain: Domain) => {
          const job = {
            ...FIXED,
            alpha: 0.1,
            q,
            T,
            seed,
            epsilon: `${p}/${2 * UNITS[data.storage]}`,
            domain,
          };
          fc.pre(!isRefused(dataset, job));
          return measureSmall(dataset, job, engineOf(engine), artifacts);
        };
        let before: Awaited<ReturnType<typeof at>>[] = [];
        for (const p of [0, 1, 2, 5, 12, 30]) {
          const [box, unbounded] = [await at(p, 'box'), await at(p, 'unbounded')];
          expect(box.region.shape).toEqual(unbounded.region.shape);
          for (const split of ['train', 'validation', 'test'] as const) {
            const [inBox, open] = [box.result.best[split], unbounded.result.best[split]];
            expect(inBox?.risk).toBe(open?.risk);
            expect(inBox?.advRisk).toBeLessThanOrEqual(open?.advRisk ?? -1);
            const [boxBefore, openBefore] = before.map(({ result }) => result.best[split]);
            expect(inBox?.risk).toBeLessThanOrEqual(boxBefore?.risk ?? 1);
            expect(inBox?.advRisk).toBeLessThanOrEqual(boxBefore?.advRisk ?? 1);
            expect(open?.advRisk).toBe(openBefore?.advRisk ?? open?.advRisk);
          }
          before = [box, unbounded];
        }
      }),
      cases(5),
    );
  });

  test('T = 1 in the box: advRisk equals the brute-force expansion of the region in the file', async () => {
    // Sixteen rows are fitted and a power of two of them covered: on eighths the mean, and all else, is exact.
    const data = smallData({ train: { min: 20, max: 20 }, storages: ['bytes', 'eighths'] });
    const setting = fc.record({
      q: fc.constantFrom(0.25, 0.5, 1),
      search: fc.constantFrom('paper', 'best'),
      alpha: fc.constantFrom(0.1, 0.3),
    });
    await fc.assert(
      fc.asyncProperty(data, smallEpsilon, setting, async (one, e, how) => {
        // Faces on floats stand between levels, which eighths do not hold exactly.
        fc.pre(how.search === 'paper' || one.storage === 'bytes');
        const job = { ...FIXED, ...how, T: 1, epsilon: epsilonOf(one, e), domain: 'box' };
        fc.pre(!isRefused(datasetOf(one), job));
        const { result, region } = await measureSmall(datasetOf(one), job, engineOf(engine));
        const { risk, advRisk } = expandedByForce(region, one);
        expect(result.best.test).toMatchObject({
          risk: risk / one.test.length,
          advRisk: advRisk / one.test.length,
        });
      }),
      cases(25),
    );
  });
});

describe.each(SEARCHES.flatMap((small) => ENGINE_NAMES.map((engine) => ({ ...small, engine }))))(
  '$name on $engine',
  ({ job, engine }) => {
    test('train advRisk ≤ 1 − floor(qn)/n, and q covers as many rows as there are rectangles', async () => {
      await fc.assert(
        fc.asyncProperty(
          smallData(),
          smallLevel,
          smallEpsilon,
          fc.constantFrom('holdout', 'paper'),
          async (data, level, e, protocol) => {
            const whole = { ...job, ...level, epsilon: epsilonOf(data, e), protocol };
            fc.pre(!isRefused(datasetOf(data), whole));
            const { result } = await measureSmall(datasetOf(data), whole, engineOf(engine));
            const { best, searchTrace = [], T = 0 } = result;
            expect(searchTrace.length).toBeGreaterThan(0);
            // A region of the face search covers what it does without any q.
            for (const { q, train } of [best, ...searchTrace]) {
              if (q === undefined) continue;
              const covered = coveredCount(parseRational(q), train.n, 'floor');
              expect(Math.round(train.advRisk * train.n)).toBeLessThanOrEqual(train.n - covered);
              expect(covered).toBeGreaterThanOrEqual(T);
            }
          },
        ),
        cases(10),
      );
    });
  },
);

/**
 * Test rows in E, and those that a push of one coordinate to min(x_j + ε, high) or max(x_j − ε, low) takes there: for
 * one rectangle no other move reaches further. In exact fractions of the whole numbers that the rows were made of.
 */
function expandedByForce({ shape, epsilon }: RegionFile, { test: rows, storage }: SmallData) {
  if (shape.kind !== 'rectangles' || shape.T !== 1) throw new Error('one rectangle was asked for');
  const unit = UNITS[storage];
  // Everything times one denominator: the rectangle's on bytes, 2⁸ on eighths, and that of ε.
  const whole = Number(shape.denominator?.[0] ?? 256n) * Number(epsilon.den);
  const exact = (value: number) => Math.round(value * whole);
  const center = Array.from(shape.center, exact);
  const halfEdge = Array.from(shape.halfEdge, exact);
  const reach = timesWhole(epsilon, whole);
  const high = storage === 'bytes' ? whole : exact(MOST / unit);
  const isInside = (x: readonly number[]) =>
    x.some((v, j) => Math.abs(v - (center[j] ?? 0)) - (halfEdge[j] ?? 0) > reach);
  const pushed = (x: readonly number[]) =>
    x.flatMap((v, j) => [x.with(j, Math.min(v + reach, high)), x.with(j, Math.max(v - reach, 0))]);
  const points = rows.map((row) => row.map((v) => exact(v / unit)));
  return {
    risk: points.filter(isInside).length,
    advRisk: points.filter((x) => isInside(x) || pushed(x).some(isInside)).length,
  };
}

function timesWhole({ num, den }: Rational, whole: number): number {
  return (Number(num) * whole) / Number(den);
}
