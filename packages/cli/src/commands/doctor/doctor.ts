import type { Command } from 'commander';
import type { Run } from '../../run.js';

export interface DoctorFlags {
  readonly json?: true;
}

export function addDoctor(root: Command, run: Run): void {
  root
    .command('doctor')
    .summary('look at what levy needs on this machine')
    .description(
      'Looks at Node.js, the data folder, Redis, the engine, a gpu and the service. Exits with 1 if something is missing.',
    )
    .option('--json', 'print one JSON document: an array of checks')
    .action(
      run(async (context, flags: DoctorFlags) => {
        const { runDoctor } = await import('./run-doctor.js');
        return runDoctor(context, flags);
      }),
    );
}
