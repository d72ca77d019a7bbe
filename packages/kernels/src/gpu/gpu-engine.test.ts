import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, EngineError, type Reach } from '../engine.js';
import type { Matrix } from '../matrix.js';
import { at } from '../reference/at.js';
import { createReferenceEngine } from '../reference/reference-engine.js';
import { entriesOf } from '../testing/entries.js';
import { byteMatrix, centresOf, floatMatrix, rectanglesOf } from '../testing/samples.js';
import { SOFTWARE_ADAPTER } from '../testing/software-adapter.js';
import { Device } from './device.js';
import type { ProcessOptions } from './device-process.js';
import { createGpuEngine, findAdapter, GpuEngine } from './gpu-engine.js';

/** The software adapter where there is one: the process is the same in every mode. */
const LIVE: ProcessOptions =
  SOFTWARE_ADAPTER === undefined ? { mode: 'webasm' } : { mode: 'webgpu', ...SOFTWARE_ADAPTER };
const NEEDS_ADAPTER = SOFTWARE_ADAPTER === undefined ? ' (skipped: Debian’s chromium is not installed)' : '';

const engines: Engine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine[Symbol.asyncDispose]();
});

async function open(options: Partial<ProcessOptions> = {}): Promise<GpuEngine> {
  const engine = new GpuEngine(await Device.open({ ...LIVE, ...options }), 1);
  engines.push(engine);
  return engine;
}

/** Runs the same on an engine and on the reference. */
async function both<Answer>(
  engine: Engine,
  matrix: Matrix,
  run: (engine: Engine, points: Awaited<ReturnType<Engine['load']>>) => Promise<Answer>,
): Promise<readonly [Answer, Answer]> {
  const reference = createReferenceEngine();
  using ours = await engine.load(matrix);
  using theirs = await reference.load(matrix);
  return [await run(engine, ours), await run(reference, theirs)];
}

/** Some seconds of work on a software adapter, in many tiles. */
const MANY_TILES = byteMatrix(3, 1200, 64, 90);

describe('tiles', () => {
  it('that do not divide the rows, of 3072 columns', async () => {
    const engine = await open();
    const matrix = byteMatrix(1, 331, 3072);
    const [ours, theirs] = await both(engine, matrix, (one, points) => one.neighbourRadii(points, 'l1', 50));
    expect(ours).toEqual(theirs);
    const rows = at(Object.values(engine.work().tileRows), 0);
    expect(rows).toBeGreaterThan(1);
    expect(331 % rows).not.toBe(0);
    expect(331 / rows).toBeGreaterThan(2);
  });

  it('of a matrix that lies in several buffers', async () => {
    // Sixteen rows a buffer.
    const engine = await open({ maxBufferBytes: 4 * 32 * 16 });
    const matrix = byteMatrix(2, 71, 20, 5);
    const reaches: Reach[] = [(radius) => radius + 9, (radius) => radius];
    const [ours, theirs] = await both(engine, matrix, async (one, points) => {
      using queries = await one.load(byteMatrix(4, 33, 20, 5));
      using found = await one.neighbourhoods(points, 'squared-l2', 9, reaches);
      const first = found.byReach.map(entriesOf);
      for (const each of found.byReach) await one.takeOut(each, queries).catch(() => {});
      return {
        first,
        radii: await one.neighbourRadii(points, 'linf', 30),
        rows: await one.distanceRows(queries, points, 'squared-l2'),
        nearest: await one.nearestCentres(points, { start: 5, end: 70 }, centresOf(matrix, 6)),
        margins: await one.margins(points, { start: 15, end: 49 }, rectanglesOf(matrix, 6, 1, true)),
        project: await one.project(
          points,
          Float64Array.from({ length: 60 }, (_, index) => index / 64),
        ),
        combine: await one.combine(
          points,
          Float64Array.from({ length: 142 }, (_, index) => index - 70),
        ),
      };
    });
    expect(ours).toEqual(theirs);
  });

  it('are made smaller where the device has no memory for them', async () => {
    const script = new URL('./testing/forgetful-process.js', import.meta.url);
    const engine = await open({ script });
    using points = await engine.load(byteMatrix(1, 11, 4));
    expect([...(await engine.neighbourRadii(points, 'l1', 2))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const none = await open({ script, maxBufferBytes: 1 });
    using same = await none.load(byteMatrix(1, 11, 4));
    await expect(none.neighbourRadii(same, 'l1', 2)).rejects.toMatchObject({
      name: 'EngineError',
      kind: 'memory',
    });
  });
});

describe('two jobs at once', () => {
  it('share the device, and each gets its own answers', async () => {
    const engine = await open();
    const other = byteMatrix(9, 700, 80, 40);
    const reaches: Reach[] = [(radius) => radius + 500];
    const reference = createReferenceEngine();
    const run = async (one: Engine) => {
      using first = await one.load(MANY_TILES);
      using second = await one.load(other);
      const lists = async () => {
        using found = await one.neighbourhoods(second, 'squared-l2', 20, reaches);
        return found.byReach.map(entriesOf);
      };
      return Promise.all([
        one.neighbourRadii(first, 'l1', 5),
        lists(),
        one.neighbourRadii(second, 'linf', 9),
      ]);
    };
    expect(await run(engine)).toEqual(await run(reference));
  });
});

describe('a device process', () => {
  it('that is killed in the middle of a pass is replaced, and the pass goes on', async () => {
    const engine = await open();
    const before = await engine.device.pid();
    let killed = false;
    const [ours, theirs] = await both(engine, MANY_TILES, (one, points) =>
      one.neighbourRadii(points, 'l1', 40, {
        onProgress: () => {
          if (one !== engine || killed || before === undefined) return;
          killed = process.kill(before, 'SIGKILL');
        },
      }),
    );
    expect(killed).toBe(true);
    expect(ours).toEqual(theirs);
    expect(engine.work().restarts).toBe(1);
    expect(await engine.device.pid()).not.toBe(before);
  });

  it.skipIf(SOFTWARE_ADAPTER === undefined)(
    `whose device is lost in the middle of a pass is replaced${NEEDS_ADAPTER}`,
    async () => {
      const engine = await open();
      const pid = await engine.device.pid();
      let lost = false;
      const [ours, theirs] = await both(engine, MANY_TILES, (one, points) =>
        one.neighbourRadii(points, 'squared-l2', 40, {
          onProgress: () => {
            if (one !== engine || lost || pid === undefined) return;
            lost = process.kill(pid, 'SIGUSR2');
          },
        }),
      );
      expect(lost).toBe(true);
      expect(ours).toEqual(theirs);
      expect(engine.work().restarts).toBe(1);
    },
  );

  it('that hangs is killed and replaced', async () => {
    const engine = await open({ hungMs: 1500 });
    using points = await engine.load(byteMatrix(1, 50, 8));
    const pid = await engine.device.pid();
    if (pid === undefined) throw new Error('there is no process');
    process.kill(pid, 'SIGSTOP');
    const reference = createReferenceEngine();
    using same = await reference.load(byteMatrix(1, 50, 8));
    expect(await engine.neighbourRadii(points, 'l1', 3)).toEqual(
      await reference.neighbourRadii(same, 'l1', 3),
    );
    expect(isAlive(pid)).toBe(false);
  });

  it('that is lost twice over the same work fails the pass, and the next one goes well', async () => {
    const engine = await open();
    using points = await engine.load(MANY_TILES);
    const killing = setInterval(() => {
      void engine.device
        .pid()
        .then((pid) => pid !== undefined && process.kill(pid, 'SIGKILL'))
        .catch(() => {});
    }, 50);
    const failed = await engine.neighbourRadii(points, 'l1', 5).catch((error: unknown) => error);
    clearInterval(killing);
    expect(failed).toBeInstanceOf(EngineError);
    expect(failed).toMatchObject({ kind: 'device' });
    await delay(100);
    expect(await engine.neighbourRadii(points, 'l1', 1)).toEqual(new Int32Array(1200));
  });

  it('is given up at once where it cannot start', async () => {
    const missing = { ...LIVE, script: new URL('./testing/no-such-script.js', import.meta.url) };
    await expect(Device.open(missing)).rejects.toMatchObject({ name: 'EngineError', kind: 'device' });
  });

  it('stops soon when a pass is aborted, and works on', async () => {
    const engine = await open();
    using points = await engine.load(MANY_TILES);
    const controller = new AbortController();
    const pass = engine.neighbourRadii(points, 'l1', 40, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 300);
    const started = performance.now();
    await expect(pass).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(1500);
    expect(await engine.neighbourRadii(points, 'linf', 1)).toEqual(new Int32Array(1200));
  });

  it('is gone when its engine is disposed in the middle of a pass', async () => {
    const engine = await open();
    const pid = await engine.device.pid();
    using points = await engine.load(MANY_TILES);
    const failed = expect(engine.neighbourRadii(points, 'l1', 40)).rejects.toThrow(/engine is disposed/);
    await engine[Symbol.asyncDispose]();
    await failed;
    expect(pid !== undefined && isAlive(pid)).toBe(false);
    await expect(engine.neighbourRadii(points, 'l1', 1)).rejects.toThrow(/engine is disposed/);
  });

  it('is gone when the process that started it is killed', async () => {
    const script = fileURLToPath(new URL('./testing/engine-owner.js', import.meta.url));
    const owner = fork(script, [JSON.stringify(LIVE)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [pid]: unknown[] = await once(owner, 'message');
    if (typeof pid !== 'number') throw new Error('the owner did not tell the process id');
    owner.kill('SIGKILL');
    await untilGone(pid);
  });

  it('is gone when the thread that started it is terminated', async () => {
    const owner = new Worker(new URL('./testing/engine-owner.js', import.meta.url), {
      argv: [JSON.stringify(LIVE)],
    });
    const [pid]: unknown[] = await once(owner, 'message');
    if (typeof pid !== 'number') throw new Error('the owner did not tell the process id');
    await owner.terminate();
    await untilGone(pid);
  });
});

describe('memory', () => {
  it('does not grow over 500 small jobs in a row, here or in the device process', {
    timeout: 300_000,
  }, async () => {
    const engine = await open();
    const pid = await engine.device.pid();
    if (pid === undefined) throw new Error('there is no process');
    // What a job asks for, of many sizes, so that kernels are compiled and forgotten too.
    const job = async (seed: number) => {
      const rows = 40 + (seed % 23);
      const matrix = byteMatrix(seed, rows, 16);
      const all = { start: 0, end: rows };
      using points = await engine.load(matrix);
      await engine.neighbourRadii(points, 'l1', 5);
      await engine.nearestCentres(points, all, centresOf(matrix, 3));
      await engine.margins(points, all, rectanglesOf(matrix, 3, 1, true));
      using found = await engine.neighbourhoods(points, 'squared-l2', 4, [(radius) => radius + 100]);
      for (const each of found.byReach) await engine.takeOut(each, points);
    };
    for (let seed = 0; seed < 100; seed++) await job(seed);
    const before = { device: residentBytes(pid), here: residentBytes(process.pid) };
    for (let seed = 100; seed < 600; seed++) await job(seed);
    // 500 of these matrices would hardly show; a tile, a kernel or its buffers kept for each job would be more than this.
    const margin = 64 * 2 ** 20;
    expect(residentBytes(pid) - before.device).toBeLessThan(margin);
    expect(residentBytes(process.pid) - before.here).toBeLessThan(margin);
    expect(engine.work().restarts).toBe(0);
    await engine[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
  });
});

describe('buffers on the device', () => {
  it.skipIf(SOFTWARE_ADAPTER === undefined)(
    `do not pile up as tiles grow, and no tile stays without a matrix${NEEDS_ADAPTER}`,
    async () => {
      const { adapter = '', env } = SOFTWARE_ADAPTER ?? {};
      const script = fileURLToPath(new URL('./testing/buffer-counter.js', import.meta.url));
      const counter = fork(script, [adapter], { env: { ...process.env, ...env }, execArgv: [] });
      const [told]: unknown[] = await once(counter, 'message');
      if (!Array.isArray(told)) throw new Error('the counts are missing');
      const [first, later, tiles] = told.map(Number);
      expect(first).toBeGreaterThan(0);
      // Staging for reading back is pooled, three a kernel.
      expect(later).toBeLessThan(2 * (first ?? 0));
      expect(tiles).toBe(0);
    },
  );
});

describe('findAdapter', () => {
  it('answers none where there is no driver', async () => {
    const env = { VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' };
    expect(await findAdapter({ env })).toBeUndefined();
    await expect(createGpuEngine({ env })).rejects.toThrow(/no WebGPU adapter answers/);
  });

  it.skipIf(SOFTWARE_ADAPTER === undefined)(
    `takes a software adapter only by its name${NEEDS_ADAPTER}`,
    async () => {
      const { env } = SOFTWARE_ADAPTER ?? {};
      expect(await findAdapter({ env })).toBeUndefined();
      await expect(createGpuEngine({ env })).rejects.toThrow(/only a software adapter answers.*LEVY_GPU/);
      expect(await findAdapter({ env, adapter: 'swiftSHADER' })).toMatchObject({
        type: 'cpu',
        mode: 'webgpu',
      });
      await expect(createGpuEngine({ env, adapter: 'GeForce' })).rejects.toThrow(
        /no adapter's name contains "GeForce".*there are: SwiftShader/,
      );
    },
  );
});

describe('products on floats', () => {
  it('are those of the processor', async () => {
    const engine = await open();
    const matrix = floatMatrix(1, 40, 7);
    const weights = Float64Array.from({ length: 80 }, (_, index) => Math.sin(index));
    const [ours, theirs] = await both(engine, matrix, async (one, points) => ({
      project: await one.project(points, weights.subarray(0, 14)),
      combine: await one.combine(points, weights),
    }));
    for (let index = 0; index < 80; index++) {
      expect(ours.project[index]).toBeCloseTo(at(theirs.project, index), 10);
    }
    expect(ours.combine).toHaveLength(theirs.combine.length);
  });
});

function isAlive(pid: number): boolean {
  try {
    // One that has ended and is not yet waited for is no process any more.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  const until = performance.now() + 5000;
  while (isAlive(pid)) {
    if (performance.now() > until) throw new Error(`process ${pid} lives on`);
    await delay(20);
  }
}

function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
