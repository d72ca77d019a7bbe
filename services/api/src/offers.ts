import { ENGINE_CLASSES, type Worker } from '@levy/contracts';
import type { Offers } from '@levy/plan';

/** What live workers offer: of each engine class, the most threads that one of them has. */
export function offersOf(workers: readonly Worker[]): Offers {
  return Object.fromEntries(
    ENGINE_CLASSES.flatMap((engine) => {
      const threads = workers.filter((worker) => worker.engine === engine).map((worker) => worker.threads);
      return threads.length === 0 ? [] : [[engine, { threads: Math.max(...threads) }] as const];
    }),
  );
}
