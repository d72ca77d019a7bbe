import { resolveJob } from '@levy/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MeasurementError } from '../measurement.js';
import { SLOW } from '../testing/benchmark-data.js';
import { bothEngines, ENGINE_NAMES, type EngineName } from '../testing/both-engines.js';
import { expectSound } from '../testing/expect-sound.js';
import { measureOrRefuse, measureSmall } from '../testing/measure-small.js';
import {
  cases,
  datasetOf,
  epsilonOf,
  MOST,
  type SmallData,
  STORAGES,
  smallEpsilon,
} from '../testing/small-data.js';
import { SMALL_JOBS } from '../testing/small-jobs.js';

// method §8, last sentence: measured soundly, or refused by a fault or a MeasurementError that says why. Anything else
// (a RangeError from inside, NaN, a count that a recount denies, a hang) fails.
const engineOf = bothEngines();
const PROTOCOLS = ['holdout', 'paper'] as const;
/** Bytes, and floats with a box and without. */
const DISTINCT = STORAGES.filter((storage) => storage !== 'eighths');

type Rows = SmallData['train'];
const rows = (n: number, row: (i: number) => number[]): Rows => Array.from({ length: n }, (_, i) => row(i));

/** 'measured', the codes of the faults it is refused with, or the kind of the MeasurementError. */
async function outcomeOf(data: SmallData, job: object, engine: EngineName): Promise<string> {
  const dataset = datasetOf(data);
  const resolved = resolveJob({ dataset: 'small', ...job }, dataset.dataset);
  if (!resolved.ok) {
    for (const { detail } of resolved.faults) expect(detail).toMatch(/\w{3}/);
    return resolved.faults.map(({ code }) => code).join(' ');
  }
  const measured = await measureOrRefuse(dataset, job, engineOf(engine));
  if (measured instanceof MeasurementError) {
    expect(measured.message).toMatch(/; (choose|lower)/);
    return measured.kind;
  }
  expectSound(measured, dataset);
  return 'measured';
}

const DATA: [string, Rows][] = [
  ['all points equal', rows(20, () => [9, 9])],
  ['all points 0', rows(20, () => [0, 0])],
  ['two clusters far apart', rows(20, (i) => [(i % 2) * MOST, i % 3])],
  ['a constant coordinate', rows(20, (i) => [7, i % 5])],
  ['a coordinate of zeros', rows(20, (i) => [0, i % 5])],
  ['duplicated rows', rows(20, (i) => [i % 2, MOST * (i % 2)])],
  ['a few rows apart', rows(20, (i) => (i % 4 === 3 ? [MOST, MOST] : [0, 0]))],
  ['d = 1', rows(20, (i) => [i])],
  ['d = 1, both ends of the range', rows(20, (i) => [i < 10 ? 0 : MOST])],
  ['more columns than rows', rows(6, (i) => Array.from({ length: 40 }, (_, j) => (i * j) % MOST))],
];

/** Each engine under one protocol; under LEVY_SLOW=1 both under both. */
const engineUnder = { holdout: 'wasm', paper: 'reference' } as const;
const PLACES = PROTOCOLS.flatMap((protocol) =>
  ENGINE_NAMES.filter((engine) => SLOW || engine === engineUnder[protocol]).map((engine) => ({
    protocol,
    engine,
  })),
);
const TABLE = SMALL_JOBS.flatMap((small) =>
  PLACES.filter(({ protocol }) => protocol === 'holdout' || !small.underHoldoutAlone).map((place) => ({
    ...small,
    ...place,
  })),
);

describe.each(TABLE)('$name under $protocol on $engine', ({ job, components, protocol, engine }) => {
  // Any ball does where γ is 0; whether one does where it is more is for the last of these tests.
  const small = {
    ...job,
    ...('neighbors' in job ? { T: 2, neighbors: 2 } : {}),
    ...('gamma' in job ? { gamma: 0 } : {}),
    ...{ alpha: 0.1, protocol },
  };

  test.each(DATA)('%s', async (_, train) => {
    const equal = new Set(train.map(String)).size === 1;
    // A job over all methods goes on without those that need components.
    const expected = components && equal && small.method !== 'all' ? 'numeric' : 'measured';
    for (const storage of ['bytes', protocol === 'holdout' ? 'sevenths' : 'sevenths, no range'] as const) {
      const data = { train, test: train, storage };
      const moving = { ...small, epsilon: epsilonOf(data, [2, 1]) };
      expect(await outcomeOf(data, moving, engine), storage).toBe(expected);
    }
    const single = { train, test: train.slice(0, 1), storage: 'bytes' } as const;
    expect(await outcomeOf(single, { ...small, epsilon: 0 }, engine), 'one test row, ε = 0').toBe(expected);
  });

  test('more balls or rectangles than rows that differ', async () => {
    for (const storage of DISTINCT) {
      const data = { train: rows(20, (i) => [i % 2, i % 2]), test: [[0, 1]], storage };
      const whole = { ...small, ...('T' in job ? { T: 9 } : {}), epsilon: epsilonOf(data, [1, 1]) };
      expect(await outcomeOf(data, whole, engine)).toBe('measured');
    }
  });

  test('one row, and the fewest rows that the protocol allows', async () => {
    const least = { holdout: 5, paper: 2 }[protocol];
    const single = {
      ...small,
      ...('T' in job ? { T: 1 } : {}),
      ...('q' in job ? { q: 0.9 } : {}),
      alpha: 0.2,
    };
    for (const storage of DISTINCT) {
      for (const n of [1, least - 1, least]) {
        const data = { train: rows(n, (i) => [i, 3]), test: [[1, 1]], storage };
        const outcome = await outcomeOf(data, { ...single, epsilon: epsilonOf(data, [1, 1]) }, engine);
        if (n < least) expect(outcome).toContain('too-few-rows');
        else expect(outcome).toBe('measured');
      }
    }
  });

  test.each([
    ['α·n < 1', { alpha: 0.001 }, 'measured'],
    ['ceil(nα) ≥ n', { alpha: 0.96 }, 'level'],
    ['n_tot > n', { alpha: 0.5, slack: 1.5 }, 'level'],
    ['a sample of two', { alpha: 0.5, samples: 2, T: 1, neighbors: 2, q: 0.9 }, 'measured'],
    ['a sample of one', { alpha: 0.5, samples: 1, T: 1, neighbors: 1, q: 1 }, 'level'],
    ['more than 64 bits of ε', { epsilon: 1e-20 }, 'precision'],
  ])('%s', async (_, change, expected) => {
    const data = { train: rows(20, (i) => [(i * 7) % 11, i % 3]), test: rows(4, (i) => [3 * i, 1]) };
    for (const storage of DISTINCT) {
      const asked = { ...small, epsilon: epsilonOf({ ...data, storage }, [1, 1]) };
      const usable = Object.entries(change).filter(
        ([name]) => name in asked || name === 'slack' || name === 'samples',
      );
      const whole = { ...asked, ...Object.fromEntries(usable) };
      expect(await outcomeOf({ ...data, storage }, whole, engine)).toContain(expected);
    }
  });

  test('whatever the numbers, it is measured or refused in words', async () => {
    const row = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 2 });
    const data = fc.record({
      train: fc.array(row, { minLength: 1, maxLength: 9 }),
      test: fc.array(row, { minLength: 1, maxLength: 3 }),
      storage: fc.constantFrom(...STORAGES),
    });
    const numbers = fc.record({
      alpha: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      slack: fc.constantFrom(0, 0.25, 3),
      seed: fc.nat(),
    });
    const pieces = fc.record({
      T: fc.integer({ min: 1, max: 10 }),
      neighbors: fc.integer({ min: 1, max: 10 }),
    });
    const samples = fc.option(fc.integer({ min: 1, max: 9 }));
    await fc.assert(
      fc.asyncProperty(data, numbers, pieces, samples, smallEpsilon, async (one, level, many, count, e) => {
        const usable = Object.entries(many).filter(([name]) => name in job);
        const whole = {
          ...job,
          ...level,
          protocol,
          epsilon: epsilonOf(one, e),
          ...Object.fromEntries(usable),
        };
        await outcomeOf(one, count === null ? whole : { ...whole, samples: count }, engine);
      }),
      cases(10),
    );
  });
});

describe.each(ENGINE_NAMES)('rectangles on %s', (engine) => {
  const job = { metric: 'linf', method: 'rectangles', search: 'paper', restarts: 2, alpha: 0.1 };
  const outcomes = async (change: object, train: Rows) => {
    const found = new Set<string>();
    for (const storage of STORAGES) {
      const data = { train, test: train, storage };
      for (const protocol of PROTOCOLS) {
        const whole = { ...job, epsilon: epsilonOf(data, [1, 1]), protocol, ...change };
        found.add(await outcomeOf(data, whole, engine));
      }
    }
    return [...found];
  };
  const line = rows(20, (i) => [i]);

  test('n < k', async () => {
    expect(await outcomes({ T: 1, neighbors: 21 }, line)).toEqual(['too-many']);
  });

  test('T > floor(q·n)', async () => {
    expect(await outcomes({ T: 4, q: 0.1, neighbors: 2 }, line)).toEqual(['too-many']);
    expect(await outcomes({ T: 20, neighbors: 2 }, line)).toEqual(['too-many']);
    expect(await outcomes({ T: 1, q: 0.01, neighbors: 2 }, line)).toEqual(['too-small']);
  });

  test('T > floor(q·n) at every q of the bisection but the last ones', async () => {
    expect(await outcomes({ T: 15, neighbors: 2 }, line)).toEqual(['measured']);
  });

  test('T > floor(q·n) at 1/256, to which it goes where no q is feasible', async () => {
    expect(
      await outcomes(
        { T: 3, neighbors: 2 },
        rows(20, () => [5]),
      ),
    ).toEqual(['measured']);
    const data = { train: rows(600, () => [5]), test: [[5]], storage: 'bytes' } as const;
    const whole = { ...job, T: 3, neighbors: 2, epsilon: '1/255', protocol: 'paper' };
    const dataset = datasetOf(data);
    const { result } = await measureSmall(dataset, whole, engineOf(engine));
    expect(Math.min(...(result.searchTrace ?? []).map(({ q }) => q))).toBe(1 / 128);
    expect(result.warnings.map(({ code }) => code)).toContain('infeasible');
  });
});
