import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobSpec } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsSpec, LONG } from '../testing/specs.js';
import { StepsFailure, StepsRunner } from './steps-runner.js';

const logger = pino({ level: 'silent' });
const STUBBORN = new URL('../testing/stubborn-thread.js', import.meta.url);

let folder: string;
let store: DatasetStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-steps-'));
  store = await DatasetStore.open(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function runner(script?: URL): StepsRunner {
  const settings = { dataDir: folder, engine: 'wasm', gpu: undefined, threads: 1, host: 'here' } as const;
  return new StepsRunner({ settings, logger, abortMs: 300, ...(script === undefined ? {} : { script }) });
}

const quiet = () => ({ signal: new AbortController().signal, onProgress: () => {} });

describe('StepsRunner', () => {
  it('measures, and what it answers is in the blob store', async () => {
    await using steps = runner();
    expect(await steps.info()).toEqual({ device: expect.any(String), threads: 1 });
    const fractions: number[] = [];
    const outcome = await steps.run(await digitsSpec(store), {
      signal: new AbortController().signal,
      onProgress: ({ fraction }) => fractions.push(fraction),
    });
    expect(fractions.length).toBeGreaterThan(0);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    const result: unknown = JSON.parse(
      new TextDecoder().decode(await store.blobs.get(outcome.result.sha256)),
    );
    expect(result).toMatchObject(outcome.estimate);
    expect(outcome.artifacts.map(({ name }) => name)).toContain('region.npz');
    for (const { sha256, bytes } of outcome.artifacts) {
      expect((await store.blobs.get(sha256))?.length).toBe(bytes);
    }
  });

  it('ends a task that is aborted, and takes the next one', async () => {
    await using steps = runner();
    const abort = new AbortController();
    const reason = new Error('enough');
    const running = steps.run(await digitsSpec(store, LONG), {
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect((await steps.run(await digitsSpec(store), quiet())).estimate.method).toBe('rectangles');
  });

  it('says of a data set that is not there any more that the input is at fault', async () => {
    await using steps = runner();
    const spec: JobSpec = { ...(await digitsSpec(store)), dataset: 'gone' };
    await expect(steps.run(spec, quiet())).rejects.toMatchObject({
      jobError: { kind: 'input', retryable: false },
    });
    const other: JobSpec = { ...(await digitsSpec(store)), datasetDigest: '0'.repeat(64) };
    await expect(steps.run(other, quiet())).rejects.toThrow(/now holds/);
  });

  it('replaces a thread that does not end an aborted task', async () => {
    await using steps = runner(STUBBORN);
    const abort = new AbortController();
    const reason = new Error('enough');
    const hanging = steps.run(await digitsSpec(store, { seed: 1 }), { ...quiet(), signal: abort.signal });
    setTimeout(() => abort.abort(reason), 50);
    await expect(hanging).rejects.toBe(reason);
    await expect(steps.run(await digitsSpec(store), quiet())).rejects.toThrow('as it should');
  });

  it.each([
    [2, 'a fault of the thread itself'],
    [3, 'a message between threads'],
    [4, 'ended with 7'],
  ])('goes on with a new thread after one broke down (%i)', async (seed, said) => {
    await using steps = runner(STUBBORN);
    const failure = await steps
      .run(await digitsSpec(store, { seed }), quiet())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StepsFailure);
    expect(failure).toMatchObject({ jobError: { kind: 'infrastructure', retryable: true } });
    expect(String(failure)).toContain(said);
    await expect(steps.run(await digitsSpec(store), quiet())).rejects.toThrow('as it should');
  });

  it('tries a thread that cannot start again with the next task only', async () => {
    await using steps = runner(new URL('../testing/no-such-thread.js', import.meta.url));
    await expect(steps.info()).rejects.toThrow(StepsFailure);
    await expect(steps.run(await digitsSpec(store), quiet())).rejects.toThrow(/Cannot find module/);
  });
});
