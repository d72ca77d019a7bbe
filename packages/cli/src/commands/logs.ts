import type { JobLogLine } from '@levy/contracts';
import type { Command } from 'commander';
import { type Context, printJson } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { timeText } from '../output/numbers.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';

interface LogsFlags {
  readonly json?: true;
}

export function addLogs(root: Command, run: Run): void {
  root
    .command('logs')
    .summary('print what the logs of jobs say')
    .description('Prints the attempts, phases and faults of jobs, oldest first.')
    .argument('<id...>', 'job ids')
    .option('--json', 'print one JSON document: an array of lines, each with its job')
    .action(run((context, ids: string[], flags: LogsFlags) => logs(context, ids, flags)));
}

async function logs(context: Context, ids: readonly string[], flags: LogsFlags): Promise<ExitCode> {
  const client = serviceOf(context);
  const lines: (JobLogLine & { readonly job: string })[] = [];
  for (const job of ids) {
    for (const line of await client.logs(job, { signal: context.signal })) lines.push({ job, ...line });
  }
  if (flags.json) printJson(context, lines);
  else for (const line of lines) context.stdout.write(lineText(line, ids.length > 1));
  return EXIT.ok;
}

function lineText({ job, level, message, time }: JobLogLine & { job: string }, isNamed: boolean): string {
  const plain = message.replaceAll(/\p{Cc}+/gu, ' ');
  return `${timeText(time)} ${isNamed ? `${job} ` : ''}${level} ${plain}\n`;
}
