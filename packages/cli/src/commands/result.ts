import { writeFile } from 'node:fs/promises';
import { isFinal } from '@levy/contracts';
import type { Command } from 'commander';
import { type Context, printJson, remark } from '../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.js';
import { resultText } from '../output/result-text.js';
import { styleFor } from '../output/style.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';

interface ResultFlags {
  readonly region?: string;
  readonly json?: true;
}

export function addResult(root: Command, run: Run): void {
  root
    .command('result')
    .summary('print the estimate of a job that succeeded')
    .argument('<id>', 'job id')
    .option('--region <file>', 'save the region found, for levy verify')
    .option('--json', 'print one JSON document: the whole estimate')
    .action(run((context, id: string, flags: ResultFlags) => result(context, id, flags)));
}

async function result(context: Context, id: string, flags: ResultFlags): Promise<ExitCode> {
  const { signal } = context;
  const client = serviceOf(context);
  const job = await client.job(id, { signal });
  if (job.status !== 'succeeded') {
    const advice = isFinal(job.status)
      ? `levy status ${id} says why`
      : `it is ${job.status}; levy watch ${id} follows it`;
    remark(context, `levy: ${id} has no result: ${advice}`);
    return isFinal(job.status) ? exitCodeOf(job.status) : EXIT.refused;
  }
  const estimate = await client.result(id, { signal });
  if (flags.region !== undefined) {
    await writeFile(flags.region, await client.artifact(id, 'region.npz', { signal }));
    remark(context, `levy: the region is in ${flags.region}`);
  }
  if (flags.json) printJson(context, estimate);
  else context.stdout.write(resultText(job.spec.dataset, estimate, styleFor(context.stdout, context.env)));
  return EXIT.ok;
}
