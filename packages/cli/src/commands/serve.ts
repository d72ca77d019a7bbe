import type { Command } from 'commander';
import type { Run } from '../run.js';

export interface ServeFlags {
  readonly demonstration?: true;
  readonly once?: true;
}

export function addServe(root: Command, run: Run): void {
  root
    .command('serve')
    .summary('run the API and a worker on this machine')
    .description(
      'Finds or starts Redis and runs the API and a worker as child processes, until Ctrl-C. Redis, in this order:\n' +
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
