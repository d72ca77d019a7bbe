import { VERSION } from '@levy/contracts';
import { Command } from 'commander';
import { addCancel } from './commands/cancel.js';
import { addCompare } from './commands/compare/compare.js';
import { addDatasets } from './commands/datasets/datasets.js';
import { addDoctor } from './commands/doctor/doctor.js';
import { addJobs } from './commands/jobs.js';
import { addLogs } from './commands/logs.js';
import { addMeasure } from './commands/measure/measure.js';
import { addReproduce } from './commands/reproduce/reproduce.js';
import { addResult } from './commands/result.js';
import { addServe } from './commands/serve.js';
import { addStatus } from './commands/status.js';
import { addStudy } from './commands/study/study.js';
import { addSubmit } from './commands/submit.js';
import { addVerify } from './commands/verify/verify.js';
import { addWatch } from './commands/watch.js';
import { addWorker } from './commands/worker.js';
import { addWorkers } from './commands/workers.js';
import type { Context } from './context.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { failureOf } from './failure.js';
import type { Run } from './run.js';

/**
 * The `levy` command: runs one command line and answers its exit status. A fault is one message on standard error,
 * with its stack only where LEVY_DEBUG is set.
 */
export async function levy(argv: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const run: Run =
    (action) =>
    async (...args) => {
      exitCode = await action(context, ...args);
    };
  try {
    await program(context, run).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = failureOf(context.signal.aborted ? context.signal.reason : error);
    if (failure.message !== undefined) context.stderr.write(`levy: ${failure.message}\n`);
    if (context.env['LEVY_DEBUG'] && error instanceof Error) context.stderr.write(`${error.stack}\n`);
    return failure.exitCode;
  }
}

function program(context: Context, run: Run): Command {
  const root = new Command('levy')
    .description('Measures how concentrated a data set is, and so how robust any classifier on it can be.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .configureHelp({ helpWidth: Math.min(context.stdout.columns ?? 110, 110) })
    .addHelpText(
      'after',
      '\nExit status: 0 done; 1 the job failed, timed out or expired; 2 usage or refused input; 3 canceled;\n' +
        '4 the service is unreachable; 130 interrupted. Settings: LEVY_URL, LEVY_API_KEY, LEVY_DATA_DIR, LEVY_THREADS,\n' +
        'LEVY_GPU (a part of the name of the graphics adapter that is wanted).',
    );
  for (const add of [
    addMeasure,
    addSubmit,
    addStatus,
    addWatch,
    addResult,
    addLogs,
    addCancel,
    addJobs,
    addWorkers,
    addDatasets,
    addVerify,
    addCompare,
    addReproduce,
    addStudy,
    addServe,
    addWorker,
    addDoctor,
  ]) {
    add(root, run);
  }
  return root;
}
