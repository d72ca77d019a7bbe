import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Engine, EngineError, type Reach } from '../engine.js';
import { createReferenceEngine } from '../reference/reference-engine.js';
import { entriesOf } from '../testing/entries.js';
import { byteMatrix, centresOf, floatMatrix, rectanglesOf } from '../testing/samples.js';
import { SharedHeap } from './shared-heap.js';
import { compileKernels, createWasmEngine, WasmEngine } from './wasm-engine.js';
import { WorkerPool } from './worker-pool.js';

const run = promisify(execFile);

describe('createWasmEngine', () => {
  it('says what it is', async () => {
    await using engine = await createWasmEngine();
    expect(engine.info).toMatchObject({ engine: 'wasm', threads: availableParallelism() });
    expect(engine.info.device).not.toBe('');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d threads', async (threads) => {
    await expect(createWasmEngine({ threads })).rejects.toThrow(RangeError);
  });

  it('keeps no process alive once disposed', async () => {
    const index = new URL('../index.js', import.meta.url).href;
    const script = `
      import { createWasmEngine } from '${index}';
      const engine = await createWasmEngine({ threads: 2 });
      const points = await engine.load({ dtype: 'u1', rows: 3, columns: 1, data: Uint8Array.of(1, 2, 5) });
      console.log((await engine.neighbourRadii(points, 'l1', 2)).join());
      await engine[Symbol.asyncDispose]();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
    });
    expect(stdout).toBe('1,1,3\n');
  });
});

describe('threads', () => {
  it('do not change a bit of any answer', async () => {
    const answers = [];
    for (const threads of [1, 2, 3]) {
      await using engine = await createWasmEngine({ threads });
      answers.push(await everything(engine));
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });
});

describe('passes asked for at the same time', () => {
  it('are all right', async () => {
    await using engine = await createWasmEngine({ threads: 2 });
    await using reference = createReferenceEngine();
    const [one, other, expected] = await Promise.all([
      everything(engine),
      everything(engine),
      exactAnswers(reference),
    ]);
    expect(one).toEqual(other);
    expect(one).toMatchObject(expected);
  });
});

describe('progress', () => {
  it('rises to the whole', async () => {
    await using engine = await createWasmEngine({ threads: 2 });
    using points = await engine.load(byteMatrix(1, 700, 100));
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(700 * 700 * 100);
      seen.push(done);
    };
    await engine.neighbourRadii(points, 'l1', 5, { onProgress });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(700 * 700 * 100);
  });

  it('that throws fails the pass, not the engine', async () => {
    await using engine = await createWasmEngine({ threads: 2 });
    using points = await engine.load(byteMatrix(1, 300, 10));
    const onProgress = () => {
      throw new Error('nobody listens');
    };
    await expect(engine.neighbourRadii(points, 'l1', 5, { onProgress })).rejects.toThrow('nobody listens');
    expect(await engine.neighbourRadii(points, 'l1', 1)).toEqual(new Int32Array(300));
  });
});

describe('an aborted pass', () => {
  it('rejects with the reason before it is through, gives its memory back and leaves the engine usable', async () => {
    const heap = new SharedHeap();
    await using engine = new WasmEngine(heap, await startPool(heap, 2));
    using points = await engine.load(byteMatrix(1, 8000, 784));
    const used = heap.usedBytes;
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    let last = 0;
    const onProgress = (done: number) => {
      last = done;
      controller.abort(reason);
    };
    const options = { signal: controller.signal, onProgress };
    await expect(engine.neighbourRadii(points, 'squared-l2', 50, options)).rejects.toBe(reason);
    expect(last).toBeLessThan((8000 * 8000 * 784) / 4);
    expect(heap.usedBytes).toBe(used);
    await expectRight(engine);
  });

  it('that finds neighbourhoods or takes rows out does so too', async () => {
    const heap = new SharedHeap();
    await using engine = new WasmEngine(heap, await startPool(heap, 2));
    using points = await engine.load(byteMatrix(1, 4000, 784));
    const used = heap.usedBytes;
    const stopping = () => {
      const controller = new AbortController();
      return { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) };
    };
    const find = (options = {}) =>
      engine.neighbourhoods(points, 'squared-l2', 50, [(radius) => radius, (radius) => 2 * radius], options);
    await expect(find(stopping())).rejects.toThrow('enough');
    expect(heap.usedBytes).toBe(used);
    const found = await find();
    const [one] = found.byReach;
    if (one === undefined) throw new Error('a reach is missing');
    await expect(engine.takeOut(one, points, stopping())).rejects.toThrow('enough');
    found[Symbol.dispose]();
    found[Symbol.dispose]();
    expect(heap.usedBytes).toBe(used);
    await expect(engine.takeOut(one, points)).rejects.toThrow('disposed');
    await expectRight(engine);
  });

  it('rejects while it waits for its turn', async () => {
    await using engine = await createWasmEngine({ threads: 1 });
    using points = await engine.load(byteMatrix(1, 2000, 500));
    const controller = new AbortController();
    const first = engine.neighbourRadii(points, 'l1', 3);
    const second = engine.neighbourRadii(points, 'l1', 3, { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(second).rejects.toThrow('changed my mind');
    expect((await first).length).toBe(2000);
  });
});

describe('a lost thread', () => {
  it('fails every pass with EngineError, now and later, and lets the engine be disposed', async () => {
    const heap = new SharedHeap();
    const pool = await startPool(heap, 2);
    await using engine = new WasmEngine(heap, pool);
    using points = await engine.load(byteMatrix(1, 8000, 784));
    const running = engine.neighbourRadii(points, 'l1', 50);
    const failed = expect(running).rejects.toThrow(EngineError);
    // Beyond the end of the memory: the kernel traps.
    const outside = { kernel: 'neighbourBars', args: [0, 1, 2 ** 32 - 64, 9, 9, 64, 64], steps: 1 };
    await expect(pool.run(1, () => outside, {})).rejects.toMatchObject({
      name: 'EngineError',
      kind: 'device',
    });
    await failed;
    await expect(engine.neighbourRadii(points, 'l1', 1)).rejects.toThrow(/thread was lost/);
  });
});

describe('a disposed engine', () => {
  it('rejects the passes that ran, and those asked for later', async () => {
    const engine = await createWasmEngine({ threads: 1 });
    const points = await engine.load(byteMatrix(1, 8000, 784));
    const failed = expect(engine.neighbourRadii(points, 'l1', 50)).rejects.toThrow(EngineError);
    await engine[Symbol.asyncDispose]();
    await failed;
    await expect(engine.neighbourRadii(points, 'l1', 1)).rejects.toThrow(/engine is disposed/);
    await engine[Symbol.asyncDispose]();
  });
});

describe('memory', () => {
  it('does not grow over a thousand matrices loaded, used and disposed', async () => {
    const heap = new SharedHeap();
    await using engine = new WasmEngine(heap, await startPool(heap, 1));
    const matrix = byteMatrix(1, 300, 300);
    let settled = 0;
    for (let round = 0; round < 1000; round++) {
      using points = await engine.load(matrix);
      if (round % 100 === 0) {
        await engine.neighbourRadii(points, 'l1', 20);
      }
      settled ||= heap.totalBytes;
    }
    expect(heap.usedBytes).toBe(0);
    expect(heap.totalBytes).toBe(settled);
  });

  it('keeps the rows of a handle that is disposed while a pass uses it', async () => {
    const heap = new SharedHeap();
    await using engine = new WasmEngine(heap, await startPool(heap, 2));
    const matrix = byteMatrix(3, 1000, 64);
    const points = await engine.load(matrix);
    const expected = await engine.neighbourRadii(points, 'l1', 7);
    const running = engine.neighbourRadii(points, 'l1', 7);
    points[Symbol.dispose]();
    using _ = await engine.load(byteMatrix(4, 1000, 64));
    expect(await running).toEqual(expected);
  });

  it('that cannot be had is refused by name', async () => {
    await using engine = await createWasmEngine({ threads: 1 });
    using points = await engine.load(byteMatrix(1, 40_000, 1));
    const refused = engine.neighbourRadii(points, 'l1', 30_000);
    await expect(refused).rejects.toMatchObject({ name: 'EngineError', kind: 'memory' });
    await expect(refused).rejects.toThrow(/6000000000 bytes/);
    const reach: Reach = (radius) => radius;
    for (const [count, reaches, bytes] of [
      [10_000, [reach], 4_800_000_000],
      [5000, [reach, reach, reach], 4_800_000_000],
    ] as const) {
      const lists = engine.neighbourhoods(points, 'linf', count, reaches);
      await expect(lists).rejects.toThrow(`lists of the ${count} nearest of 40000 rows need ${bytes} bytes`);
    }
    await expectRight(engine);
  });
});

async function startPool(heap: SharedHeap, threads: number): Promise<WorkerPool> {
  return WorkerPool.start(threads, { module: await compileKernels(), memory: heap.memory });
}

async function expectRight(engine: Engine): Promise<void> {
  await using reference = createReferenceEngine();
  expect(await exactAnswers(engine)).toEqual(await exactAnswers(reference));
}

/** What is equal on every engine. */
async function exactAnswers(engine: Engine) {
  const matrix = byteMatrix(1, 300, 100);
  using points = await engine.load(matrix);
  const range = { start: 5, end: 299 };
  const [l1, l2, nearest, margins] = await Promise.all([
    engine.neighbourRadii(points, 'l1', 20),
    engine.neighbourRadii(points, 'squared-l2', 30),
    engine.nearestCentres(points, range, centresOf(matrix, 7)),
    engine.margins(points, range, rectanglesOf(matrix, 7, 1, true)),
  ]);
  const reaches = [90_000, 20_000].map(
    (more): Reach =>
      (radius) =>
        radius + more,
  );
  using found = await engine.neighbourhoods(points, 'squared-l2', 30, reaches);
  using gone = await engine.load(byteMatrix(1, 20, 100));
  for (const one of found.byReach) await engine.takeOut(one, gone);
  return { l1, l2, nearest, margins, near: found.byReach.map(entriesOf) };
}

async function everything(engine: Engine) {
  const matrix = floatMatrix(1, 1100, 90);
  using points = await engine.load(matrix);
  using queries = await engine.load(floatMatrix(4, 9, 90));
  const all = { start: 0, end: 1100 };
  const directions = Float64Array.from(floatMatrix(2, 3, 90).data);
  const weights = Float64Array.from(floatMatrix(3, 1100, 3).data);
  return {
    ...(await exactAnswers(engine)),
    floatL1: await engine.neighbourRadii(points, 'l1', 20),
    floatL2: await engine.neighbourRadii(points, 'squared-l2', 20),
    rows: await engine.distanceRows(queries, points, 'l1'),
    floatNearest: await engine.nearestCentres(points, all, centresOf(matrix, 7)),
    floatMargins: await engine.margins(points, all, rectanglesOf(matrix, 7, 1, true)),
    project: await engine.project(points, directions),
    combine: await engine.combine(points, weights),
  };
}
