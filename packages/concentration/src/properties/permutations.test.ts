import { parseRational, rational } from '@levy/contracts';
import { coveredCount, requiredLevel } from '@levy/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MeasurementError } from '../measurement.js';
import { bothEngines, ENGINE_NAMES } from '../testing/both-engines.js';
import { LiteralShortfall, literalBalls } from '../testing/literal-balls.js';
import { measureOrRefuse, type SmallMeasurement } from '../testing/measure-small.js';
import {
  cases,
  componentsAreDefined,
  datasetOf,
  epsilonOf,
  type SmallData,
  smallData,
  smallEpsilon,
  smallLevel,
  UNCERTAINTY_PARTS,
  uncertaintyOf,
} from '../testing/small-data.js';
import { isRefused } from '../testing/small-dataset.js';
import { SMALL_JOBS, type SmallJob } from '../testing/small-jobs.js';

// method §8. Under the paper protocol alone: the holdout is drawn by index.
const engineOf = bothEngines();
const TABLE = SMALL_JOBS.filter(({ underHoldoutAlone }) => !underHoldoutAlone).flatMap((small) =>
  ENGINE_NAMES.map((engine) => ({ ...small, engine })),
);
const protocol = 'paper';

/** Exact sums, whatever their order; rectangles divide them by the sizes of clusters, exactly on bytes alone. */
const STORAGES = { balls: ['bytes', 'eighths'], rectangles: ['bytes'] } as const;

describe.each(TABLE.filter(({ job: { method } }) => method === 'balls' || method === 'rectangles'))(
  '$name on $engine',
  ({ job, engine }) => {
    test('permuting the coordinates changes nothing', async () => {
      const storages = STORAGES[job.method === 'balls' ? 'balls' : 'rectangles'];
      const data = smallData({ columns: { min: 2, max: 5 }, storages });
      await fc.assert(
        fc.asyncProperty(
          data,
          smallLevel,
          smallEpsilon,
          fc.infiniteStream(fc.nat()),
          async (one, level, e, order) => {
            const whole = { ...job, ...level, epsilon: epsilonOf(one, e), protocol };
            fc.pre(!isRefused(datasetOf(one), whole));
            const columns = shuffled((one.train[0] ?? []).length, order);
            const turn = (rows: SmallData['train']) => rows.map((row) => columns.map((j) => row[j] ?? 0));
            const other = { ...one, train: turn(one.train), test: turn(one.test) };
            expect(figuresOf(await measureOrRefuse(datasetOf(other), whole, engineOf(engine)))).toEqual(
              figuresOf(await measureOrRefuse(datasetOf(one), whole, engineOf(engine))),
            );
          },
        ),
        cases(6),
      );
    });
  },
);

describe.each(TABLE)('$name on $engine', (small) => {
  test('permuting the samples changes nothing where no tie was broken by index', async () => {
    const order = fc.infiniteStream(fc.nat());
    await fc.assert(
      fc.asyncProperty(untied(small), order, async ({ data, job }, draws) => {
        fc.pre(!isRefused(datasetOf(data), job));
        fc.pre(!breaksTies(small, data, job));
        const rows = shuffled(data.train.length, draws);
        const other = { ...data, train: rows.map((i) => data.train[i] ?? []), test: data.test.toReversed() };
        expect(figuresOf(await measureOrRefuse(datasetOf(other), job, engineOf(small.engine)))).toEqual(
          figuresOf(await measureOrRefuse(datasetOf(data), job, engineOf(small.engine))),
        );
      }),
      cases(6),
    );
  });
});

interface Tried {
  readonly data: SmallData;
  readonly job: SmallJob['job'] & {
    readonly alpha: number;
    readonly slack: number;
    readonly epsilon: string;
  };
}

/** Half-spaces do not. */
function looksAtIndices({ method }: SmallJob['job']): boolean {
  return method === 'balls' || method === 'rectangles' || method === 'all';
}

/**
 * Data and a job of a method. Half-spaces never look at an index, so they get ties and duplicates; where an index may
 * decide, bytes and an ε with which that is not too common, some rows twice.
 */
function untied({ job }: SmallJob): fc.Arbitrary<Tried> {
  if (!looksAtIndices(job)) {
    return fc.record({ data: smallData(), level: smallLevel, e: smallEpsilon }).map(({ data, level, e }) => ({
      data,
      job: { ...job, ...level, epsilon: epsilonOf(data, e), protocol },
    }));
  }
  const value = fc.noBias(fc.integer({ min: 0, max: 255 }));
  // The first coordinate varies most, so that components are defined.
  const row = fc.tuple(value, value, value).map(([a, b, c]) => [a, b >> 1, c >> 3]);
  const data = fc.record({
    train: fc
      .record({ rows: fc.array(row, { minLength: 10, maxLength: 14 }), twice: fc.nat(2) })
      .map(({ rows, twice }) => [...rows, ...rows.slice(0, twice)]),
    test: fc.array(row, { minLength: 1, maxLength: 12 }),
    storage: fc.constant('bytes' as const),
  });
  const level = fc.record({ alpha: fc.constantFrom(0.3, 0.5), T: fc.integer({ min: 1, max: 2 }) });
  const reach = fc.integer({ min: 40, max: 100 });
  return fc.record({ data, level, reach }).map(({ data: one, level: { alpha, T }, reach: p }) => ({
    data: one,
    job: {
      ...{ ...job, ...('neighbors' in job ? { neighbors: 5 } : {}) },
      ...{ alpha, T, slack: 0, epsilon: `${p}/255`, protocol },
    },
  }));
}

/** Whether two different rows tie where the method would take the lower index, by a literal implementation. */
function breaksTies({ components }: SmallJob, { train }: SmallData, job: Tried['job']): boolean {
  const { method, neighbors } = job;
  return (
    (components !== undefined && !componentsAreDefined(train)) ||
    (neighbors !== undefined && densitiesTie(train, neighbors)) ||
    ((method === 'balls' || method === 'all') && ballsTie(train, job))
  );
}

function ballsTie(
  train: SmallData['train'],
  { metric, alpha, slack, epsilon, T, gamma }: Tried['job'],
): boolean {
  const need = coveredCount(requiredLevel(alpha, slack), train.length, 'ceil');
  const { num, den } = parseRational(epsilon);
  const parts = UNCERTAINTY_PARTS;
  const demand =
    gamma === undefined ? undefined : { gamma: gamma * parts, uncertainty: train.map(uncertaintyOf), parts };
  try {
    const balls = literalBalls(train, metric, rational(num * 255n, den), need, Number(T), demand);
    return balls.some(({ tied }) => tied);
  } catch (error) {
    // Which balls were placed before, and whether by index, is not told.
    if (error instanceof LiteralShortfall) return error.placed > 0;
    throw error;
  }
}

/** Whether rows that differ have their k-th nearest rows equally far: the order of densities is by index there. */
function densitiesTie(train: SmallData['train'], k: number): boolean {
  const rowsAt = new Map<number, string>();
  return train.some((row) => {
    const distances = train.map((other) => row.reduce((sum, v, j) => sum + Math.abs(v - (other[j] ?? 0)), 0));
    const radius = distances.sort((a, b) => a - b)[k - 1] ?? 0;
    const known = rowsAt.get(radius);
    rowsAt.set(radius, row.join());
    return known !== undefined && known !== row.join();
  });
}

/** 0 … n−1 in an order made of the numbers drawn. */
function shuffled(n: number, draws: Iterator<number>): number[] {
  const left = Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: n }, () => left.splice(Number(draws.next().value) % left.length, 1)[0] ?? 0);
}

/** What a measurement tells of the region. */
function figuresOf(measured: SmallMeasurement | MeasurementError) {
  if (measured instanceof MeasurementError) return { refused: measured.message };
  const { result } = measured;
  const { best, candidates, restarts, searchTrace, epsilonCurve } = result;
  return { best, candidates, restarts, searchTrace, epsilonCurve };
}
