import { createReferenceEngine, createWasmEngine, type Engine, EngineError } from '@levy/kernels';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { measure } from '../measure.js';
import type { Measurement } from '../measurement.js';
import { Sweep } from '../sweep.js';
import { smallDataset, specFor } from '../testing/small-dataset.js';

let wasm: Engine;
const reference = createReferenceEngine();

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  await wasm[Symbol.asyncDispose]();
});

/** Coarse values: ties, duplicates, and in l2 squares that meet r + ε exactly. */
const rows = (n: number, shift: number) =>
  Array.from({ length: n }, (_, i) =>
    [37, 53, 11].map((factor) => (((i + shift) * factor) % 23) * 3 + (i % 2)),
  );
const bytes = smallDataset({ train: rows(130, 0), test: rows(40, 5) });
const floats = smallDataset({
  dtype: 'f4',
  train: rows(110, 0).map((row) => row.map((value) => Math.sin(value))),
  test: rows(40, 5).map((row) => row.map((value) => Math.sin(value))),
});
const job = { metric: 'l2', method: 'balls', alpha: 0.1, T: 4, protocol: 'paper' };

/** Measures jobs one after the other as a sweep: what they answer, and how many ε each pass was for. */
async function together(data: typeof bytes, jobs: readonly object[], engine: Engine) {
  const passes = vi.spyOn(engine, 'neighbourhoods');
  const specs = jobs.map((change) => specFor(data, { ...job, ...change }));
  const sweep = new Sweep(specs);
  const artifacts = memoryArtifacts();
  const measurements = [];
  for (const spec of specs)
    measurements.push(await measure(spec, { dataset: data, engine, artifacts, host: 'test', sweep }));
  return { measurements, passes: passes.mock.calls.map(([, , , reaches]) => reaches.length) };
}

async function alone(data: typeof bytes, change: object, engine: Engine): Promise<Measurement> {
  const spec = specFor(data, { ...job, ...change });
  return measure(spec, { dataset: data, engine, artifacts: memoryArtifacts(), host: 'test' });
}

/** All that does not tell how it came about. */
function found({ result, files }: Measurement) {
  const { provenance: _, timings: __, ...numbers } = result;
  return { numbers, files };
}

describe.each([
  ['bytes', bytes, ['0/255', '2/255', '5/255', '1/90']],
  ['floats', floats, ['0/1', '1/10', '1/3']],
] as const)('a sweep over ε and T on %s', (_, data, epsilons) => {
  test.each(['l2', 'linf'])(
    'takes one pass and answers, byte by byte, what each job does alone: %s',
    async (metric) => {
      const jobs = epsilons.flatMap((epsilon) => [4, [1, 3]].map((T) => ({ metric, epsilon, T })));
      for (const engine of [wasm, reference]) {
        const { measurements, passes } = await together(data, jobs, engine);
        expect(passes).toEqual([epsilons.length]);
        for (const [index, change] of jobs.entries()) {
          const measurement = measurements[index];
          if (measurement === undefined) throw new Error('a job was not measured');
          expect(found(measurement)).toEqual(found(await alone(data, change, engine)));
        }
      }
    },
  );
});

describe('what is told of a shared pass', () => {
  test('the first job made it; the others found their balls', async () => {
    const { measurements } = await together(
      bytes,
      [{ epsilon: '2/255', T: [2, 3] }, { epsilon: '5/255' }],
      wasm,
    );
    const [first, second] = measurements.map(({ result }) => result);
    expect(first?.provenance.reused).toEqual([]);
    expect(first?.timings).toHaveProperty('balls');
    expect(second?.provenance.reused).toContainEqual({ step: 'balls', artifacts: 1 });
    expect(second?.timings).not.toHaveProperty('balls');
  });

  test('its progress never falls and ends at 1', async () => {
    const specs = ['2/255', '5/255'].map((epsilon) => specFor(bytes, { ...job, epsilon }));
    const fractions: number[] = [];
    const artifacts = memoryArtifacts();
    const sweep = new Sweep(specs);
    for (const spec of specs) {
      let before = 0;
      await measure(spec, {
        ...{ dataset: bytes, engine: wasm, artifacts, host: 'test', sweep },
        onProgress: ({ fraction }) => {
          expect(fraction).toBeGreaterThanOrEqual(before);
          before = fraction;
        },
      });
      fractions.push(before);
    }
    expect(fractions).toEqual([1, 1]);
  });
});

test('γ that cannot be had fails its own job, and the others share the pass all the same', async () => {
  const train = rows(130, 0);
  const soft = smallDataset({
    train,
    test: rows(40, 5),
    soft: { train: train.map((_, row) => [0.5 + (row % 8) / 16, 0.5 - (row % 8) / 16]) },
  });
  const passes = vi.spyOn(wasm, 'neighbourhoods');
  const jobs = [
    { gamma: 2, T: [1, 4] },
    { gamma: 0.3 },
    {},
    { gamma: 1.9 },
    { gamma: 0.3, epsilon: '5/255' },
  ];
  const specs = jobs.map((change) => specFor(soft, { ...job, epsilon: '2/255', ...change }));
  const sweep = new Sweep(specs);
  const context = { dataset: soft, engine: wasm, artifacts: memoryArtifacts(), host: 'test', sweep };
  const outcomes = [];
  for (const spec of specs) {
    outcomes.push(await measure(spec, context).then(found, (error: unknown) => String(error)));
  }
  expect(passes.mock.calls.map(([, , , reaches]) => reaches.length)).toEqual([2]);
  for (const [index, change] of jobs.entries()) {
    const expected = alone(soft, { epsilon: '2/255', ...change }, wasm).then(found, (error: unknown) =>
      String(error),
    );
    expect(outcomes[index]).toEqual(await expected);
  }
  expect(outcomes.map((outcome) => typeof outcome)).toEqual([
    'string',
    'object',
    'object',
    'string',
    'object',
  ]);
  expect(outcomes[3]).toContain('gamma = 1.9 cannot be had');
});

describe('jobs share no pass', () => {
  test.each([
    ['with other rows', [{ samples: 60 }, { samples: 60, seed: 1 }, {}]],
    ['with another need', [{}, { alpha: 0.2 }, { slack: 0.25 }]],
    ['with another metric', [{}, { metric: 'linf' }]],
  ])('%s', async (_, jobs) => {
    const { passes } = await together(
      bytes,
      jobs.map((change) => ({ epsilon: '2/255', ...change })),
      wasm,
    );
    expect(passes).toEqual(jobs.map(() => 1));
  });

  test('with jobs measured before, whatever became of them', async () => {
    const specs = ['2/255', '5/255'].map((epsilon) => specFor(bytes, { ...job, epsilon }));
    const [first, second] = specs;
    if (first === undefined || second === undefined) throw new Error('two jobs were given');
    const sweep = new Sweep(specs);
    const context = { dataset: bytes, engine: wasm, artifacts: memoryArtifacts(), host: 'test', sweep };
    await expect(measure(first, { ...context, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
      'no',
    );
    const passes = vi.spyOn(wasm, 'neighbourhoods');
    await measure(second, context);
    expect(passes.mock.calls.map(([, , , reaches]) => reaches.length)).toEqual([1]);
  });
});

describe('memory', () => {
  test('too small for every ε at once: as many as fit share a pass', async () => {
    const jobs = ['0/255', '2/255', '4/255', '5/255', '9/255'].map((epsilon) => ({ epsilon }));
    const real = wasm.neighbourhoods.bind(wasm);
    const asked: number[] = [];
    vi.spyOn(wasm, 'neighbourhoods').mockImplementation((points, distance, count, reaches, options) => {
      asked.push(reaches.length);
      if (reaches.length > 2) throw new EngineError('memory', 'full');
      return real(points, distance, count, reaches, options);
    });
    const { measurements } = await together(bytes, jobs, wasm);
    expect(asked).toEqual([5, 4, 3, 2, 3, 2, 1]);
    vi.restoreAllMocks();
    for (const [index, measurement] of measurements.entries())
      expect(found(measurement)).toEqual(found(await alone(bytes, jobs[index] ?? {}, wasm)));
  });

  test('that is not free now is left alone, and one ε goes on', async () => {
    vi.spyOn(process, 'availableMemory').mockReturnValue(1000);
    const { passes } = await together(bytes, [{ epsilon: '2/255' }, { epsilon: '5/255' }], wasm);
    expect(passes).toEqual([1, 1]);
  });

  test('for lists that ties make too long is refused before the pass', async () => {
    const rows = Array.from({ length: 23_000 }, (_, i) => [255 * (i % 2), 255 * (Math.floor(i / 2) % 2)]);
    const corners = smallDataset({ train: rows, test: rows.slice(0, 10) });
    const passes = vi.spyOn(wasm, 'neighbourhoods');
    const refused = alone(corners, { metric: 'linf', epsilon: '2/255', alpha: 0.3, protocol: 'paper' }, wasm);
    await expect(refused).rejects.toThrow(/5\.9 GiB .* on average 23000 with those that tie/);
    expect(passes).not.toHaveBeenCalled();
  });

  test('too small for one is a failure of that job', async () => {
    vi.spyOn(wasm, 'neighbourhoods').mockRejectedValue(new EngineError('memory', 'full'));
    await expect(alone(bytes, { epsilon: '2/255' }, wasm)).rejects.toThrow('full');
  });
});

test('what was placed before an abort is kept', async () => {
  const specs = ['2/255', '5/255', '9/255'].map((epsilon) => specFor(bytes, { ...job, epsilon }));
  const [first] = specs;
  if (first === undefined) throw new Error('no job');
  const context = { dataset: bytes, engine: wasm, artifacts: memoryArtifacts(), host: 'test' };
  const controller = new AbortController();
  const stopped = measure(first, {
    ...{ ...context, sweep: new Sweep(specs), signal: controller.signal },
    onProgress: ({ phase, done, total }) => {
      if (phase === 'balls' && done > 0.92 * total) controller.abort(new Error('enough'));
    },
  });
  await expect(stopped).rejects.toThrow('enough');
  const passes = vi.spyOn(wasm, 'neighbourhoods');
  await measure(first, context);
  expect(passes).not.toHaveBeenCalled();
});
