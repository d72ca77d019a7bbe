import type { Command } from 'commander';
import type { Run } from '../run.js';

export interface WorkerFlags {
  readonly engine?: string;
  readonly exitWhenIdle?: string;
  readonly lifetime?: string;
}

export function addWorker(root: Command, run: Run): void {
  root
    .command('worker')
    .summary('run a worker that takes tasks from the queue')
    .description(
      'Takes tasks from the queue in REDIS_URL, or from that of the levy serve on this data folder. When it is asked to\n' +
        'stop it lets its task go on for LEVY_DRAIN_SECONDS, then gives it back, so that it goes on elsewhere.',
    )
    .option('--engine <engine>', 'auto, wasm or gpu (LEVY_ENGINE)')
    .option('--exit-when-idle <seconds>', 'stop after so many seconds without a task')
    .option('--lifetime <seconds>', 'stop after so many seconds')
    .action(
      run(async (context, flags: WorkerFlags) => {
        const { runWorkerProcess } = await import('../serve/worker-process.js');
        return runWorkerProcess(context, flags);
      }),
    );
}
