import { openSide, until, untilStatus } from './process.js';
import { sampleOutcome, sampleSpec } from './samples.js';

/** Uses everything once, closes it all, and must then end by itself. Argument: address of Redis. */
const [url = ''] = process.argv.slice(2);
const side = openSide(url, 'worker');
side.reconciler.start();
const presence = side.registry.announce({
  id: 'wrk_1',
  host: 'here',
  pid: process.pid,
  version: '0.1.0',
  engine: 'wasm',
  device: 'cpu',
  threads: 1,
  since: new Date().toISOString(),
});
side.consume({ handle: async () => sampleOutcome() });
const submitted = await side.jobs.submit({ spec: sampleSpec(), engine: 'wasm', owner: 'anna' });
if (submitted.outcome !== 'accepted') throw new Error(submitted.outcome);
await untilStatus(side, submitted.job.id, 'succeeded');
await until('a live worker', async () => (await side.registry.list()).length === 1);
await presence[Symbol.asyncDispose]();
if ((await side.registry.list()).length > 0) throw new Error('the worker is still there');
await side[Symbol.asyncDispose]();
process.disconnect?.();
