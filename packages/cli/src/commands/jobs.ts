import { JOB_STATUSES, type JobListItem, type JobStatus } from '@levy/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Context, printJson } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { epsilonText, percent, timeText } from '../output/numbers.js';
import { renderTable } from '../output/table.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';

interface JobsFlags {
  readonly status?: JobStatus[];
  readonly dataset?: string[];
  readonly metric?: string[];
  readonly method?: string[];
  readonly tag?: string[];
  readonly createdAfter?: string;
  readonly limit: number;
  readonly json?: true;
}

export function addJobs(root: Command, run: Run): void {
  root
    .command('jobs')
    .summary('list jobs, newest first')
    .addOption(new Option('--status <status...>', 'only with these statuses').choices(JOB_STATUSES))
    .option('--dataset <name...>', 'only on these data sets')
    .option('--metric <metric...>', 'only with these metrics')
    .option('--method <method...>', 'only with these methods')
    .option('--tag <tag...>', 'only with these tags')
    .option('--created-after <time>', 'only younger ones; RFC 3339')
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .option('--json', 'print one JSON document: an array of jobs')
    .action(run((context, flags: JobsFlags) => jobs(context, flags)));
}

/** Jobs beside each other. */
export function jobsTable(jobs: readonly JobListItem[]): string {
  const columns = [
    { title: 'job' },
    { title: 'status' },
    { title: 'data set' },
    { title: 'metric' },
    { title: 'ε', align: 'right' },
    { title: 'α', align: 'right' },
    { title: 'method' },
    { title: 'test risk', align: 'right' },
    { title: 'test advRisk', align: 'right' },
    { title: 'created (UTC)' },
  ] as const;
  const rows = jobs.map(({ id, status, spec, estimate, progress, createdAt }) => [
    id,
    status === 'running' && progress ? `${status} ${Math.floor(100 * progress.fraction)} %` : status,
    spec.dataset,
    spec.metric,
    epsilonText(spec.epsilon, spec.epsilonExact),
    String(spec.alpha),
    spec.method,
    estimate === undefined ? '' : percent(estimate.best.test.risk),
    estimate === undefined ? '' : percent(estimate.best.test.advRisk),
    timeText(createdAt),
  ]);
  return renderTable(columns, rows);
}

async function jobs(context: Context, flags: JobsFlags): Promise<ExitCode> {
  const { limit, json, ...filter } = flags;
  const found: JobListItem[] = [];
  const pageSize = Math.min(limit, 200);
  for await (const job of serviceOf(context).jobs({ ...filter, pageSize, signal: context.signal })) {
    found.push(job);
    if (found.length >= limit) break;
  }
  if (json) printJson(context, found);
  else if (found.length > 0) context.stdout.write(jobsTable(found));
  else context.stderr.write('levy: there are no such jobs\n');
  return EXIT.ok;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('it must be a whole number above 0.');
}
