import type { Protocol } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import { coveredCount, requiredLevel } from '@levy/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MeasurementError } from '../measurement.js';
import { rowIndices } from '../rows/row-list.js';
import { bothEngines, ENGINE_NAMES } from '../testing/both-engines.js';
import { expectSound } from '../testing/expect-sound.js';
import { measureOrRefuse, type SmallMeasurement } from '../testing/measure-small.js';
import {
  cases,
  componentsAreDefined,
  datasetOf,
  epsilonOf,
  MOST,
  type SmallData,
  smallData,
  smallEpsilon,
  smallLevel,
  softLabelsOf,
  UNITS,
} from '../testing/small-data.js';
import { isRefused, smallDataset } from '../testing/small-dataset.js';
import { SMALL_JOBS, type SmallJob } from '../testing/small-jobs.js';

// method §8, what is said of every region: on ties and duplicates, on bytes and floats, under both protocols.
const engineOf = bothEngines();
const protocol = fc.constantFrom<Protocol>('holdout', 'paper');
const TABLE = SMALL_JOBS.flatMap((small) => ENGINE_NAMES.map((engine) => ({ ...small, engine })));

describe.each(TABLE)('$name on $engine', (small) => {
  const { engine } = small;

  test('advRisk ≥ risk; a recount confirms every count; the fixed region grows with ε alone', async () => {
    await fc.assert(
      fc.asyncProperty(smallData(), smallLevel, smallEpsilon, protocol, async (data, level, e, rows) => {
        const dataset = datasetOf(data);
        const job = { ...small.job, ...level, epsilon: epsilonOf(data, e), protocol: rows };
        fc.pre(!isRefused(dataset, job));
        const measured = await measureOrRefuse(dataset, job, engineOf(engine));
        fc.pre(!(measured instanceof MeasurementError));
        expectSound(measured, dataset);
        const { n, risk } = measured.result.best.train;
        const need = coveredCount(requiredLevel(level.alpha, level.slack), n, 'ceil');
        if (small.coversTrain) expect(Math.round(risk * n)).toBeGreaterThanOrEqual(need);
      }),
      cases(10),
    );
  });

  test('scaling data, ε and the box together changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(smallData(), smallLevel, smallEpsilon, protocol, async (data, level, e, rows) => {
        const told = [];
        for (const { dataset, epsilon } of scaledAlike(data, e, small)) {
          // Rows of nothing but zeros tell no unit from another.
          fc.pre(
            !small.onWholeBytes ||
              fittedRows(data, dataset, rows)
                .flat()
                .some((v) => v > 0),
          );
          fc.pre(small.components === undefined || componentsAreDefined(fittedRows(data, dataset, rows)));
          const job = { ...small.job, ...level, epsilon, protocol: rows };
          fc.pre(!isRefused(dataset, job));
          told.push(figuresOf(await measureOrRefuse(dataset, job, engineOf(engine))));
        }
        for (const other of told) expect(other).toEqual(told[0]);
      }),
      cases(5),
    );
  });
});

function fittedRows({ train }: SmallData, dataset: LoadedDataset, rows: Protocol): SmallData['train'] {
  const list = { dataset: dataset.dataset.digest, part: rows === 'paper' ? 'train' : 'fit' } as const;
  return Array.from(rowIndices(list, dataset), (row) => train[row] ?? []);
}

/** The same rows in other units and, on bytes, multiplied; on floats by powers of two, which round nothing. */
function* scaledAlike(
  { train, test: tested, storage }: SmallData,
  [p = 0, q = 1]: readonly number[],
  { onWholeBytes }: SmallJob,
): Generator<{ dataset: LoadedDataset; epsilon: string }> {
  const same = { digest: 'd'.repeat(64), soft: softLabelsOf({ train, test: tested }) };
  const times = (rows: SmallData['train'], by: number) => rows.map((row) => row.map((v) => v * by));
  if (storage === 'bytes') {
    const scales = [
      [1, 1],
      [onWholeBytes ? 1 : 10, 5],
      [onWholeBytes ? 1 : 7, 3],
    ] as const;
    for (const [by, scale] of scales) {
      const valueRange = { low: 0, high: (MOST * by) / scale };
      const rows = { train: times(train, by), test: times(tested, by) };
      yield {
        dataset: smallDataset({ ...rows, scale, valueRange, ...same }),
        epsilon: `${p * by}/${q * scale}`,
      };
    }
    return;
  }
  const unit = UNITS[storage];
  for (const power of [0, 10, -40]) {
    const floats = (rows: SmallData['train']) =>
      rows.map((row) => row.map((v) => Math.fround(v / unit) * 2 ** power));
    const range = { valueRange: { low: 0, high: Math.fround(MOST / unit) * 2 ** power } };
    yield {
      dataset: smallDataset({
        ...{ train: floats(train), test: floats(tested), dtype: 'f4', ...same },
        ...(storage === 'sevenths, no range' ? {} : range),
      }),
      epsilon: power < 0 ? `${p}/${q * unit * 2 ** -power}` : `${p * 2 ** power}/${q * unit}`,
    };
  }
}

/** All that a measurement tells but what is in units of the values. */
function figuresOf(measured: SmallMeasurement | MeasurementError) {
  if (measured instanceof MeasurementError) return { refused: measured.message };
  const { result } = measured;
  const { best, candidates, restarts, searchTrace, scan, bound, warnings, epsilonCurve } = result;
  const { threshold: _, ...scanned } = scan;
  return {
    ...{ best, candidates, restarts, searchTrace, bound, scan: scanned },
    warnings: warnings.map(({ code }) => code),
    curve: epsilonCurve.map(({ risk, advRisk }) => ({ risk, advRisk })),
  };
}
