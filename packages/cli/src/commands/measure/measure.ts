import type { Command } from 'commander';
import { addJobFlags } from '../../flags/job-flags.js';
import type { Run } from '../../run.js';

export interface MeasureFlags extends Record<string, unknown> {
  readonly region?: string;
  readonly json?: true;
}

export function addMeasure(root: Command, run: Run): void {
  addJobFlags(root.command('measure'))
    .summary('measure in this process: no Redis, no service')
    .description(
      'Measures in this process, with artifacts kept in LEVY_DATA_DIR. A comma list in a flag (--epsilon 0.1,0.2 --T 5,10)\n' +
        'makes it a sweep over every combination, which shares artifacts and prints a table. Ctrl-C stops it.',
    )
    .option('--region <file>', 'save the region found, for levy verify')
    .option(
      '--json',
      'print one JSON document: the estimate; of a sweep, an array of {spec, estimate} or {spec, error}',
    )
    .action(
      run(async (context, flags: MeasureFlags) => {
        const { runMeasure } = await import('./run-measure.js');
        return runMeasure(context, flags);
      }),
    );
}
