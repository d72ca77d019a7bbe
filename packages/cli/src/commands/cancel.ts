import type { Job } from '@levy/contracts';
import type { Command } from 'commander';
import { type Context, printJson } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';

interface CancelFlags {
  readonly wait?: true;
  readonly json?: true;
}

export function addCancel(root: Command, run: Run): void {
  root
    .command('cancel')
    .summary('stop jobs; final ones stay as they are')
    .argument('<id...>', 'job ids')
    .option('--wait', 'wait until they have stopped')
    .option('--json', 'print one JSON document: the job, or an array of them')
    .action(run((context, ids: string[], flags: CancelFlags) => cancel(context, ids, flags)));
}

async function cancel(context: Context, ids: readonly string[], flags: CancelFlags): Promise<ExitCode> {
  const { signal } = context;
  const client = serviceOf(context);
  const jobs: Job[] = [];
  for (const id of ids) {
    const job = await client.cancel(id, { signal });
    jobs.push(flags.wait ? await client.waitFor(id, { signal }) : job);
  }
  if (flags.json) printJson(context, jobs.length === 1 ? jobs[0] : jobs);
  else for (const { id, status } of jobs) context.stdout.write(`${id} ${status}\n`);
  return EXIT.ok;
}
