import type { Command } from 'commander';
import type { Context } from '../context.js';
import type { ExitCode } from '../exit-code.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';
import { followJob, outcomeOf } from './follow-job.js';

interface WatchFlags {
  readonly json?: true;
}

export function addWatch(root: Command, run: Run): void {
  root
    .command('watch')
    .summary('follow a job until it is final')
    .description('Follows a job until it is final. Ctrl-C detaches; the job goes on.')
    .argument('<id>', 'job id')
    .option('--json', 'print the job as one line of JSON whenever it changes')
    .action(run((context, id: string, flags: WatchFlags) => watch(context, id, flags)));
}

async function watch(context: Context, id: string, flags: WatchFlags): Promise<ExitCode> {
  const client = serviceOf(context);
  const job = flags.json
    ? await followJob(context, client, id, (each) => context.stdout.write(`${JSON.stringify(each)}\n`))
    : await followJob(context, client, id);
  if (!flags.json && job !== 'detached') context.stdout.write(`${job.id} ${job.status}\n`);
  return outcomeOf(context, job);
}
