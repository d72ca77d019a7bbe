import { setTimeout as sleep } from 'node:timers/promises';
import { type Adapter, checker, WorkerSchema } from '@levy/contracts';
import type { TaskHandler } from '@levy/queue';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, Bench, type TestWorker, until } from '../testing/bench.js';
import { JOB, storeSampleResult } from '../testing/sample-result.js';

const ADAPTER: Adapter = {
  vendor: 'acme',
  architecture: 'anvil',
  device: 'A1',
  driver: 'acme 1.2',
  type: 'gpu',
  mode: 'webgpu',
};
/** Minutes on a processor. */
const LARGE = {
  dataset: 'digits',
  metric: 'linf',
  epsilon: '1/8',
  alpha: 0.05,
  T: 20,
  restarts: 1000,
  iterations: 1000,
};

let redis: PrivateRedis;
let bench: Bench;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  bench = await Bench.open(redis.url);
});
afterEach(() => bench[Symbol.asyncDispose]());

const answering: TaskHandler = (claim) => storeSampleResult(bench.datasets, claim.spec);

/** A worker that is seen to live. */
async function live(engine: 'wasm' | 'gpu', id = `wrk_${engine}`): Promise<TestWorker> {
  const device = engine === 'gpu' ? { device: ADAPTER.device, adapter: ADAPTER } : {};
  const worker = bench.worker(answering, { id, engine, ...device });
  await until(id, async () => {
    const { data } = (await bench.call('GET', '/v1/workers')).body;
    return data.some((each: { id: string }) => each.id === id);
  });
  return worker;
}

async function submitted(body: object): Promise<Answer['body']> {
  const answer = await bench.call('POST', '/v1/jobs', { body });
  expect(answer.status).toBe(202);
  return answer.body;
}

async function plannedOn(body: object): Promise<string> {
  return (await bench.call('POST', '/v1/jobs?dryRun=true', { body })).body.engine;
}

function untilStatus(id: string, status: string): Promise<Answer['body']> {
  return until(`${id} to be ${status}`, async () => {
    const { body } = await bench.call('GET', `/v1/jobs/${id}`);
    return body.status === status && body;
  });
}

describe('engine "gpu"', () => {
  test('waits for a gpu worker, says so, and starts when one comes', async () => {
    await using _wasm = await live('wasm');
    const { id, status, waitingFor } = await submitted({ ...JOB, engine: 'gpu' });
    expect([status, waitingFor]).toEqual(['queued', 'gpu']);
    await untilStatus((await submitted(JOB)).id, 'succeeded');
    expect((await bench.call('GET', `/v1/jobs/${id}`)).body.status).toBe('queued');
    await using _gpu = await live('gpu');
    const done = await untilStatus(id, 'succeeded');
    expect(done.attempts).toMatchObject([{ worker: 'wrk_gpu' }]);
    expect(done.waitingFor).toBeUndefined();
  });

  test('expires after expireSeconds where none comes', async () => {
    await using _wasm = await live('wasm');
    const { id } = await submitted({ ...JOB, engine: 'gpu', expireSeconds: 1 });
    await sleep(1100);
    await bench.service.reconciler.reconcile();
    const { body } = await bench.call('GET', `/v1/jobs/${id}`);
    expect([body.status, body.attempts, body.waitingFor]).toEqual(['expired', [], undefined]);
  });
});

describe('engine "auto"', () => {
  test('goes to the gpu where that saves enough, and the plan says the same', async () => {
    await using _wasm = await live('wasm');
    await using _gpu = await live('gpu');
    expect([await plannedOn(JOB), await plannedOn(LARGE)]).toEqual(['wasm', 'gpu']);
    const [small, large] = [await submitted(JOB), await submitted(LARGE)];
    expect((await untilStatus(small.id, 'succeeded')).attempts).toMatchObject([{ worker: 'wrk_wasm' }]);
    expect((await untilStatus(large.id, 'succeeded')).attempts).toMatchObject([{ worker: 'wrk_gpu' }]);
  });

  test('goes to the processor where no gpu lives, or nobody, and stays there', async () => {
    expect(await plannedOn(LARGE)).toBe('wasm');
    const { id, waitingFor } = await submitted(LARGE);
    expect(waitingFor).toBe('wasm');
    await using _gpu = await live('gpu');
    await untilStatus((await submitted(JOB)).id, 'succeeded');
    expect((await bench.call('GET', `/v1/jobs/${id}`)).body).toMatchObject({
      status: 'queued',
      waitingFor: 'wasm',
    });
    await using _wasm = await live('wasm');
    expect((await untilStatus(id, 'succeeded')).attempts).toMatchObject([{ worker: 'wrk_wasm' }]);
  });

  test('goes to the gpu where only that lives, however small it is', async () => {
    await using _gpu = await live('gpu');
    expect(await plannedOn(JOB)).toBe('gpu');
    expect((await untilStatus((await submitted(JOB)).id, 'succeeded')).attempts).toMatchObject([
      { worker: 'wrk_gpu' },
    ]);
  });
});

test('workers and readiness tell the devices', async () => {
  await using _wasm = await live('wasm');
  await using _gpu = await live('gpu');
  await using _other = await live('gpu', 'wrk_other');
  const { data } = (await bench.call('GET', '/v1/workers')).body;
  expect(data.flatMap((worker: unknown) => checker(WorkerSchema).faults(worker))).toEqual([]);
  const adapters = data.map(({ id, adapter }: { id: string; adapter?: Adapter }) => [id, adapter]);
  expect(new Map(adapters)).toEqual(
    new Map([
      ['wrk_wasm', undefined],
      ['wrk_gpu', ADAPTER],
      ['wrk_other', ADAPTER],
    ]),
  );
  const { workers, devices } = (await bench.call('GET', '/readyz')).body;
  expect(workers).toEqual({ wasm: 1, gpu: 2 });
  expect(devices).toEqual([
    { engine: 'wasm', device: 'cpu', workers: 1 },
    { engine: 'gpu', device: 'A1', workers: 2, adapter: ADAPTER },
  ]);
});
