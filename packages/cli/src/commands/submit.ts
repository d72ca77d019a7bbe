import type { LevyClient } from '@levy/client';
import type { PlanSummary } from '@levy/contracts';
import type { Command } from 'commander';
import { type Context, printJson, remark } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { addJobFlags, type FlaggedJob, jobFromFlags } from '../flags/job-flags.js';
import { byteSize, duration } from '../output/numbers.js';
import { resultText } from '../output/result-text.js';
import { styleFor } from '../output/style.js';
import { renderTable } from '../output/table.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';
import { followJob, outcomeOf } from './follow-job.js';

interface SubmitFlags extends Record<string, unknown> {
  readonly wait?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addSubmit(root: Command, run: Run): void {
  addJobFlags(root.command('submit'))
    .summary('submit a job to the service')
    .description('Submits a job to the service at LEVY_URL and prints its id.')
    .option('--wait', 'wait until it is final, and print its result')
    .option('--dry-run', 'print what the job would do and cost; nothing is submitted')
    .option('--json', 'print one JSON document: the job, with --wait its result, with --dry-run its plan')
    .action(run((context, flags: SubmitFlags) => submit(context, flags)));
}

async function submit(context: Context, flags: SubmitFlags): Promise<ExitCode> {
  const client = serviceOf(context);
  const job = jobFromFlags(flags);
  if (flags.dryRun) return showPlan(context, await client.plan(job, { signal: context.signal }), flags);
  return flags.wait ? submitAndWait(context, client, job, flags) : submitOnly(context, client, job, flags);
}

async function submitOnly(
  context: Context,
  client: LevyClient,
  submission: FlaggedJob,
  flags: SubmitFlags,
): Promise<ExitCode> {
  const job = await client.submit(submission, { signal: context.signal });
  if (flags.json) printJson(context, job);
  else {
    context.stdout.write(`${job.id}\n`);
    if (job.waitingFor !== undefined) {
      remark(
        context,
        `levy: it waits: no live worker offers engine ${job.waitingFor}; start one with levy worker --engine ${job.waitingFor}`,
      );
    }
  }
  return EXIT.ok;
}

async function submitAndWait(
  context: Context,
  client: LevyClient,
  submission: FlaggedJob,
  flags: SubmitFlags,
): Promise<ExitCode> {
  const { id, spec } = await client.submit(submission, { signal: context.signal });
  remark(context, `levy: submitted ${id}`);
  const job = await followJob(context, client, id);
  if (job !== 'detached' && job.status === 'succeeded') {
    const result = await client.result(id, { signal: context.signal });
    if (flags.json) printJson(context, result);
    else context.stdout.write(resultText(spec.dataset, result, styleFor(context.stdout, context.env)));
  } else if (job !== 'detached' && flags.json) printJson(context, job);
  return outcomeOf(context, job);
}

function showPlan(context: Context, plan: PlanSummary, flags: SubmitFlags): ExitCode {
  if (flags.json) {
    printJson(context, plan);
    return EXIT.ok;
  }
  const columns = [
    { title: 'step' },
    { title: 'about', align: 'right' },
    { title: 'artifact', align: 'right' },
    { title: 'key' },
  ] as const;
  const rows = plan.steps.map((step) => [
    step.name,
    duration(step.estimatedSeconds),
    byteSize(step.estimatedBytes),
    step.key.slice(0, 12),
  ]);
  context.stdout.write(renderTable(columns, rows));
  const { engine, estimatedSeconds, estimatedBytes } = plan;
  context.stdout.write(
    `\nabout ${duration(estimatedSeconds)} on ${engine}, ${byteSize(estimatedBytes)} of memory\n`,
  );
  return EXIT.ok;
}
