import { type Dataset, ENGINE_REQUESTS, type JobSpec } from '@levy/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseEngine, LEAST_GAIN_SECONDS, type Offers } from './choose-engine.js';
import { planJob } from './plan-job.js';
import { resolveJob } from './resolve-job.js';

/** A data set of so many training rows of bytes or floats. */
function datasetOf(rows: number, columns: number, dtype: Dataset['dtype'] = 'u1'): Dataset {
  const split = (count: number) => ({ rows: count, bytes: count * columns, sha256: 'b'.repeat(64) });
  return {
    id: 'rows',
    digest: 'a'.repeat(64),
    dtype,
    scale: dtype === 'u1' ? 255 : 1,
    shape: [columns],
    columns,
    valueRange: { low: 0, high: 1 },
    splits: { train: split(rows), test: split(Math.ceil(rows / 6)) },
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

function specOf(dataset: Dataset, change: object = {}): JobSpec {
  const job = { dataset: 'rows', metric: 'linf', epsilon: 0.1, alpha: 0.05, ...change };
  const resolved = resolveJob('method' in job ? job : { ...job, T: 5 }, dataset);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.spec;
}

const SMALL = datasetOf(1000, 64);
/** As MNIST is. */
const LARGE = datasetOf(60_000, 784);
const both: Offers = { wasm: { threads: 2 }, gpu: { threads: 2 } };

describe('a job that asks for an engine', () => {
  test.each(['wasm', 'gpu'] as const)('gets %s, whoever is there', (engine) => {
    for (const offers of [{}, both, { wasm: { threads: 1 } }, { gpu: { threads: 1 } }]) {
      for (const dataset of [SMALL, LARGE]) {
        expect(chooseEngine(specOf(dataset, { engine }), dataset, offers)).toBe(engine);
      }
    }
  });
});

describe('auto', () => {
  test('takes the gpu for what is large on the processor', () => {
    expect(chooseEngine(specOf(LARGE), LARGE, both)).toBe('gpu');
    expect(chooseEngine(specOf(SMALL), SMALL, both)).toBe('wasm');
  });

  test('leaves to the processor what a gpu does not speed up, however long it takes', () => {
    const many = datasetOf(60_000_000, 784);
    const spec = specOf(many, { method: 'axis' });
    expect(planJob(spec, many, { engine: 'wasm', threads: 2 }).estimatedSeconds).toBeGreaterThan(60);
    expect(chooseEngine(spec, many, both)).toBe('wasm');
  });

  test('takes the processor once it has threads enough', () => {
    expect(chooseEngine(specOf(LARGE), LARGE, { ...both, wasm: { threads: 1000 } })).toBe('wasm');
  });

  test('takes what alone is there, and waits for a processor where nothing is', () => {
    for (const dataset of [SMALL, LARGE]) {
      const spec = specOf(dataset);
      expect(chooseEngine(spec, dataset, { gpu: { threads: 1 } })).toBe('gpu');
      expect(chooseEngine(spec, dataset, { wasm: { threads: 1 } })).toBe('wasm');
      expect(chooseEngine(spec, dataset, {})).toBe('wasm');
    }
  });

  test('never takes a gpu that nobody offers, nor where both are there one that saves too little', () => {
    const threads = fc.record({ threads: fc.integer({ min: 1, max: 128 }) });
    const offered = fc.record({ wasm: threads, gpu: threads }, { requiredKeys: [] });
    const size = fc.tuple(fc.integer({ min: 100, max: 200_000 }), fc.integer({ min: 1, max: 3072 }));
    const change = fc.constantFrom(
      ...[{}, { method: 'halfspace' }, { method: 'axis' }, { metric: 'l2', method: 'hyperplane' }],
    );
    const request = fc.constantFrom(...ENGINE_REQUESTS);
    fc.assert(
      fc.property(
        offered,
        size,
        fc.constantFrom('u1' as const, 'f4' as const),
        change,
        request,
        (offers, [rows, columns], dtype, fields, engine) => {
          const dataset = datasetOf(rows, columns, dtype);
          const spec = specOf(dataset, { ...fields, engine });
          const chosen = chooseEngine(spec, dataset, offers);
          if (engine !== 'auto') return chosen === engine;
          if (chosen === 'wasm') return offers.wasm !== undefined || offers.gpu === undefined;
          if (offers.gpu === undefined) return false;
          if (offers.wasm === undefined) return true;
          const onWasm = planJob(spec, dataset, { engine: 'wasm', ...offers.wasm });
          const onGpu = planJob(spec, dataset, { engine: 'gpu', ...offers.gpu });
          return onWasm.estimatedSeconds >= onGpu.estimatedSeconds + LEAST_GAIN_SECONDS;
        },
      ),
    );
  });
});
