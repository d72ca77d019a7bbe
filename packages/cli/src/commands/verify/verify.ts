import type { Command } from 'commander';
import type { Run } from '../../run.js';

export interface VerifyFlags {
  readonly dataset: string;
  readonly json?: true;
}

export function addVerify(root: Command, run: Run): void {
  root
    .command('verify')
    .summary('recount a region without any search code')
    .description(
      'Recounts the risk and the adversarial risk that a region file claims, by plain loops over the data set.\n' +
        'Exits with 1 if the counts differ or the file is damaged.',
    )
    .argument('<file>', 'region.npz of a job, or of levy measure --region')
    .requiredOption('--dataset <name>', 'the data set that it was found on')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, file: string, flags: VerifyFlags) => {
        const { runVerify } = await import('./run-verify.js');
        return runVerify(context, file, flags);
      }),
    );
}
