import type { Command } from 'commander';
import type { Run } from '../run.js';

export interface ServeFlags {
  readonly demonstration?: true;
  readonly once?: true;
}

export function addServe(root: Command, run: Run): void {
  root
    .command('serve')
    .summary('run the API and workers on this machine')
    .description(
      'Finds or starts Redis and runs the API, a worker and, where a gpu answers, a worker on that as child processes,\n' +
        'until Ctrl-C. LEVY_ENGINE=wasm or gpu: that worker only. Redis, in this order:\n' +
        'REDIS_URL; redis-server or valkey-server on PATH; one at 127.0.0.1:6379; Docker; apt-get as root.',
    )
    .option('--demonstration', 'where no job exists yet, submit a demonstration and print its table')
    .option(
      '--once',
      'submit the demonstration in any case, print its table and stop; exits with 1 if a job failed',
    )
    .action(
      run(async (context, flags: ServeFlags) => {
        const { serve } = await import('../serve/serve.js');
        return serve(context, flags);
      }),
    );
}
