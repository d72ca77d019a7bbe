import type { Job } from '@levy/contracts';
import type { Command } from 'commander';
import { type Context, printJson } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { duration, percent, timeText } from '../output/numbers.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';
import { jobsTable } from './jobs.js';

interface StatusFlags {
  readonly json?: true;
}

export function addStatus(root: Command, run: Run): void {
  root
    .command('status')
    .summary('show jobs as they stand')
    .argument('<id...>', 'job ids')
    .option('--json', 'print one JSON document: the job, or an array of them')
    .action(run((context, ids: string[], flags: StatusFlags) => status(context, ids, flags)));
}

async function status(context: Context, ids: readonly string[], flags: StatusFlags): Promise<ExitCode> {
  const client = serviceOf(context);
  const jobs: Job[] = [];
  for (const id of ids) jobs.push(await client.job(id, { signal: context.signal }));
  const [only] = jobs;
  if (flags.json) printJson(context, jobs.length === 1 ? only : jobs);
  else if (jobs.length === 1 && only !== undefined) context.stdout.write(jobText(only));
  else context.stdout.write(jobsTable(jobs));
  return EXIT.ok;
}

function jobText(job: Job): string {
  const { progress, error, estimate, waitingFor, attempts } = job;
  const lines: [string, string][] = [
    ['job', job.id],
    ['status', job.status],
    ['data set', job.spec.dataset],
    ['measured', `${job.spec.metric}, ε ${job.spec.epsilonExact}, α ${job.spec.alpha}, ${job.spec.method}`],
    ['created', timeText(job.createdAt)],
  ];
  if (job.startedAt !== undefined) lines.push(['started', timeText(job.startedAt)]);
  if (job.finishedAt !== undefined) lines.push(['finished', timeText(job.finishedAt)]);
  if (waitingFor !== undefined) lines.push(['waits for', `a worker with engine ${waitingFor}`]);
  if (attempts.length > 1)
    lines.push(['attempts', attempts.map((each) => each.outcome ?? 'running').join(', ')]);
  if (progress !== undefined && job.status === 'running') {
    const eta = progress.etaSeconds === undefined ? '' : `, about ${duration(progress.etaSeconds)} left`;
    lines.push(['progress', `${Math.floor(100 * progress.fraction)} %, ${progress.phase}${eta}`]);
  }
  if (error !== undefined) lines.push(['error', `${error.detail} (${error.kind})`]);
  if (estimate !== undefined) {
    const { risk, advRisk } = estimate.best.test;
    lines.push(['test', `risk ${percent(risk)}, advRisk ${percent(advRisk)}`]);
  }
  for (const { code, detail } of job.warnings) lines.push(['warning', `${code}: ${detail}`]);
  return lines.map(([name, value]) => `${name.padEnd(10)} ${value}\n`).join('');
}
