import { setTimeout as sleep } from 'node:timers/promises';
import { openSide } from './process.js';
import { sampleOutcome } from './samples.js';

/**
 * A worker process for tests: tells its parent which job it starts, works for a while in small steps, and ends on
 * SIGTERM. Arguments: address of Redis, milliseconds a job takes, advRisk of its results.
 */
const [url = '', milliseconds = '0', advRisk = '0.5'] = process.argv.slice(2);
const side = openSide(url, 'worker');
const consumer = side.consume({
  handle: async (claim, { signal, progress }) => {
    process.send?.({ started: claim.jobId, attempt: claim.attempt });
    for (let done = 0; done < Number(milliseconds); done += 50) {
      await sleep(50, undefined, { signal });
      progress({
        fraction: done / Number(milliseconds),
        phase: 'work',
        done,
        total: Number(milliseconds),
        unit: 'ms',
      });
    }
    return sampleOutcome(Number(advRisk));
  },
});
process.once('SIGTERM', () => {
  void consumer
    .close({ drainMs: 0 })
    .then(() => side[Symbol.asyncDispose]())
    .then(() => process.disconnect?.());
});
process.send?.({ ready: true });
