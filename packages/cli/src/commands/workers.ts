import type { Command } from 'commander';
import { type Context, printJson } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { deviceText } from '../output/device-text.js';
import { timeText } from '../output/numbers.js';
import { renderTable } from '../output/table.js';
import type { Run } from '../run.js';
import { serviceOf } from '../service.js';

interface WorkersFlags {
  readonly json?: true;
}

export function addWorkers(root: Command, run: Run): void {
  root
    .command('workers')
    .summary('list the live workers')
    .option('--json', 'print one JSON document: an array of workers')
    .action(run((context, flags: WorkersFlags) => workers(context, flags)));
}

async function workers(context: Context, flags: WorkersFlags): Promise<ExitCode> {
  const live = await serviceOf(context).workers({ signal: context.signal });
  if (flags.json) {
    printJson(context, live);
    return EXIT.ok;
  }
  if (live.length === 0) {
    context.stderr.write('levy: no worker is alive; start one with levy worker\n');
    return EXIT.ok;
  }
  const withDriver = live.some(({ adapter }) => adapter !== undefined);
  const columns = [
    { title: 'host' },
    { title: 'pid', align: 'right' },
    { title: 'engine' },
    { title: 'threads', align: 'right' },
    { title: 'device' },
    ...(withDriver ? [{ title: 'driver' }] : []),
    { title: 'since (UTC)' },
    { title: 'now' },
  ] as const;
  const rows = live.map(({ host, pid, engine, threads, device, adapter, since, current }) => [
    host,
    String(pid),
    engine,
    String(threads),
    deviceText({ device, ...(adapter === undefined ? {} : { adapter }) }),
    ...(withDriver ? [adapter?.driver ?? ''] : []),
    timeText(since),
    current === undefined ? 'idle' : `${current.job}: ${current.phase}`,
  ]);
  context.stdout.write(renderTable(columns, rows));
  return EXIT.ok;
}
