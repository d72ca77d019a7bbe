import type { Command } from 'commander';
import { addJobFlags } from '../../flags/job-flags.js';
import type { Run } from '../../run.js';

export interface ConvergenceFlags extends Record<string, unknown> {
  readonly seeds: string;
  readonly csv?: string;
  readonly json?: true;
}

export function addStudy(root: Command, run: Run): void {
  const study = root.command('study').summary('many measurements that answer one question');
  addJobFlags(study.command('convergence'))
    .summary('how the estimate moves as sample size and T grow')
    .description(
      'Measures at every sample size and every T (comma lists in --samples, --T and --method), each with several seeds, and ' +
        'prints mean and standard deviation over the seeds: of the sample drawn, and of what the method itself draws. Where the ' +
        'distribution is known (levy datasets synthetic), the exact concentration stands beside it. A field that only some of ' +
        'the methods use goes to those.',
    )
    .option('--seeds <n>', 'how many seeds, from --seed on', '5')
    .option('--csv <file or folder>', 'also write a CSV file, anew after every row; its shares are fractions')
    .option('--json', 'print one JSON document instead of a table')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  levy datasets synthetic gaussian --name gaussian-16 --dimension 16 --samples 8000 --seed 1\n' +
        '  levy study convergence --dataset gaussian-16 --metric l2 --epsilon 1 --alpha 0.05 \\\n' +
        '    --method hyperplane,balls --samples 250,1000,4000 --T 5,10\n' +
        '  levy study convergence --dataset mnist --metric linf --epsilon 0.3 --alpha 0.01 --restarts 1 \\\n' +
        '    --samples 2000,8000,32000 --T 5,10,20 --csv convergence.csv',
    )
    .action(
      run(async (context, flags: ConvergenceFlags) => {
        const { runConvergence } = await import('./run-convergence.js');
        return runConvergence(context, flags);
      }),
    );
}
