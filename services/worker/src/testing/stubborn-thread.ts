import { parentPort } from 'node:worker_threads';
import { parseToSteps } from '../steps/messages.js';

/**
 * Stands in for the steps thread in tests. The seed of a job says how it behaves: 0 answers, 1 never ends, not even
 * when it is told to, 2 throws outside of any task, 3 sends nonsense, 4 ends the thread.
 */
parentPort?.postMessage({ type: 'ready', device: 'none', threads: 1 });
parentPort?.on('message', (value: unknown) => {
  const message = parseToSteps(value);
  if (message.type === 'close') process.exit();
  if (message.type !== 'run') return;
  const { task, spec } = message;
  switch (spec.seed) {
    case 1:
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case 2:
      throw new Error('a fault of the thread itself');
    case 3:
      parentPort?.postMessage({ type: 'done', task, outcome: { estimate: 'wrong' } });
      break;
    case 4:
      process.exit(7);
      break;
    default:
      parentPort?.postMessage({
        type: 'failed',
        task,
        error: { kind: 'numeric', detail: 'as it should', retryable: false },
      });
  }
});
