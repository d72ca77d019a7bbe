import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetStore } from '@levy/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsSpec } from '../testing/specs.js';
import { parseFromSteps, parseToSteps, type ToSteps } from './messages.js';

let folder: string;
let store: DatasetStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-messages-'));
  store = await DatasetStore.open(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('messages between the threads', () => {
  it('a task arrives as it was sent', async () => {
    const message: ToSteps = { type: 'run', task: 3, spec: await digitsSpec(store) };
    expect(parseToSteps(structuredClone(message))).toEqual(message);
    expect(parseToSteps({ type: 'abort', task: 3 })).toEqual({ type: 'abort', task: 3 });
    expect(parseToSteps({ type: 'close' })).toEqual({ type: 'close' });
  });

  it('progress and failures arrive as they were sent', () => {
    const adapter = {
      ...{ vendor: 'acme', architecture: 'anvil', device: 'A1', driver: 'acme 1.2' },
      ...{ type: 'gpu', mode: 'webgpu' },
    };
    const progress = { fraction: 0.5, phase: 'search', done: 1, total: 2, unit: 'runs' };
    for (const message of [
      { type: 'ready', device: 'x', threads: 2 },
      { type: 'ready', device: 'x', threads: 2, adapter },
      { type: 'unready', error: { kind: 'device', detail: 'no adapter', retryable: true } },
      { type: 'device', restarts: 2 },
      { type: 'progress', task: 1, progress },
      { type: 'progress', task: 1, progress: { ...progress, etaSeconds: 3 } },
      { type: 'failed', task: 1, error: { kind: 'memory', detail: 'too large', retryable: false } },
      { type: 'aborted', task: 1 },
    ]) {
      expect(parseFromSteps(message)).toEqual(message);
    }
  });

  it.each([
    undefined,
    'run',
    {},
    { type: 'run', task: 1 },
    { type: 'run', task: 1, spec: { dataset: 'digits' } },
    { type: 'abort' },
    { type: 'stop', task: 1 },
  ])('%j is no message to the steps thread', (value) => {
    expect(() => parseToSteps(value)).toThrow(TypeError);
  });

  it.each([
    null,
    { type: 'ready', device: 'x' },
    { type: 'ready', device: 'x', threads: 1, adapter: { device: 'A1' } },
    { type: 'unready' },
    { type: 'device' },
    { type: 'progress', task: 1, progress: { fraction: '1' } },
    { type: 'done', task: 1, outcome: { estimate: {}, result: {}, warnings: [], artifacts: [] } },
    { type: 'failed', task: 1, error: { kind: 'unknown', detail: '', retryable: true } },
    { type: 'aborted', task: '1' },
  ])('%j is no message from the steps thread', (value) => {
    expect(() => parseFromSteps(value)).toThrow(TypeError);
  });
});
