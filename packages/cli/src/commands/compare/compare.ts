import type { Command } from 'commander';
import { addJobFlags } from '../../flags/job-flags.js';
import type { Run } from '../../run.js';

export interface CompareFlags extends Record<string, unknown> {
  readonly risk?: string;
  readonly advRisk?: string;
  readonly name?: string;
  readonly json?: true;
}

export function addCompare(root: Command, run: Run): void {
  addJobFlags(root.command('compare'), ['alpha'])
    .summary("a classifier's risks beside what concentration leaves open")
    .description(
      "Measures at α = the classifier's risk, in this process, and prints its risks beside the region found, the bound, " +
        'the scan, and the gap. Without --T a method that needs it chooses from 5, 10 and 20.',
    )
    .option('--risk <share>', "the classifier's error on unperturbed data, between 0 and 1: α is this")
    .option('--adv-risk <share>', 'its adversarial risk at this metric and ε, between the risk and 1')
    .option('--name <text>', 'what to call it', 'the model')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  levy compare --dataset mnist --metric linf --epsilon 0.3 --risk 0.012 --adv-risk 0.107 --name "Madry 2018"\n' +
        '  levy compare --dataset cifar-10 --metric l2 --epsilon 0.5 --risk 0.0446 --adv-risk 0.1503 --method hyperplane',
    )
    .action(
      run(async (context, flags: CompareFlags) => {
        const { runCompare } = await import('./run-compare.js');
        return runCompare(context, flags);
      }),
    );
}
