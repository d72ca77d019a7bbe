import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MeasurementError } from '@levy/concentration';
import { DatasetError } from '@levy/datasets';
import { EngineError } from '@levy/kernels';
import { describe, expect, it } from 'vitest';
import { jobErrorOf } from './job-error.js';

describe('jobErrorOf', () => {
  it.each([
    [new MeasurementError('numeric', 'it does not converge'), 'numeric', false],
    [new MeasurementError('input', 'wrong'), 'input', false],
    [new EngineError('memory', 'too large'), 'memory', false],
    [new EngineError('device', 'lost'), 'device', true],
    [new DatasetError('bad-manifest', 'damaged'), 'input', false],
    [new DatasetError('missing-bytes', 'gone'), 'infrastructure', true],
    [new RangeError('Array buffer allocation failed'), 'memory', false],
    [new RangeError('Invalid typed array length: 99999999999'), 'memory', false],
    [Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }), 'infrastructure', true],
    ['thrown text', 'infrastructure', true],
  ])('%s is %s, retryable: %s', (error, kind, retryable) => {
    const detail = error instanceof Error ? error.message : error;
    expect(jobErrorOf(error)).toEqual({ kind, detail, retryable });
  });

  it('a thread that ran out of heap is a fault of memory', async () => {
    const greedy = "const kept = []; for (;;) kept.push(new Array(1e4).fill('x'));";
    const thread = new Worker(greedy, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } });
    const [error] = await once(thread, 'error');
    expect(jobErrorOf(error)).toMatchObject({ kind: 'memory', retryable: false });
  });
});
