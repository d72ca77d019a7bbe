import { type Command, Option } from 'commander';
import type { Run } from '../../run.js';
import { COLUMNS, DEFAULT_COLUMNS, REPRODUCED } from './reproduction.js';

export interface ReproduceFlags {
  readonly dataset?: string;
  readonly rows?: string;
  readonly columns?: string;
  readonly samples?: string;
  readonly restarts?: string;
  readonly seed?: string;
  readonly engine?: string;
  readonly csv?: string;
  readonly json?: true;
}

export function addReproduce(root: Command, run: Run): void {
  root
    .command('reproduce')
    .summary("the paper's tables and figures, beside ours")
    .description(
      'Measures the rows of a table or figure of the paper in this process and prints them beside what is published:\n' +
        '  table1   linf, rectangles, at four strengths       table3   l2, hyperplane and balls, at three strengths\n' +
        '  table2   beside published robust classifiers       figure1  (a) risks by q on cifar-10, (b) advRisk by T',
    )
    .argument(`<${REPRODUCED.join('|')}>`, 'what to reproduce')
    .addOption(new Option('--dataset <name>', 'mnist or cifar-10, as fetched or imported from the originals'))
    .option(
      '--rows <list>',
      'only these: of the tables by ε (0.3 or 8/255), of table2 also by metric (linf, l2), of table3 also by method (hyperplane, balls); of figure1 a, b, q50 … q80, T5 … T80',
    )
    .option(
      '--columns <list>',
      `which of ours, of ${COLUMNS.join(', ')} (default ${DEFAULT_COLUMNS.join(',')}). paper: the paper's protocol at the table's own T and q; searched: the same at the q that bisection finds (table1); defaults: protocol holdout, domain box and the exact ε; all: every method that fits`,
    )
    .option('--samples <n>', 'fit on n rows only: quicker, and not comparable with what is published')
    .option('--restarts <n>', 'runs of every rectangles job (default 10, as in the paper)')
    .option('--seed <n>', 'the first seed (default 0)')
    .option('--engine <engine>', 'auto, gpu or wasm (default auto)')
    .option('--csv <file or folder>', 'also write a CSV file, anew after every row; its shares are fractions')
    .option('--json', 'print one JSON document instead of a table')
    .addHelpText(
      'after',
      '\nArtifacts are kept in LEVY_DATA_DIR, so that a second run, or another ε, finds neighbours and clusterings there.\n\n' +
        'Examples:\n' +
        '  levy reproduce table1 --dataset mnist --rows 0.3\n' +
        '  levy reproduce table1 --dataset cifar-10 --rows 8/255 --columns paper,defaults --csv table1.csv\n' +
        '  levy reproduce table3 --dataset mnist --rows hyperplane\n' +
        '  levy reproduce figure1 --dataset cifar-10 --rows a --restarts 1 --samples 5000\n\n' +
        'Exit status 1: some row could not be measured; 2: refused input.',
    )
    .action(
      run(async (context, what: string, flags: ReproduceFlags) => {
        const { runReproduce } = await import('./run-reproduce.js');
        return runReproduce(context, what, flags);
      }),
    );
}
