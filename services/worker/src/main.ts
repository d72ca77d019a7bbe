import { SettingsError } from '@levy/contracts';
import { RedisUnsuitableError } from '@levy/queue';
import { pino } from 'pino';
import { type WorkerSettings, workerSettings } from './settings.js';
import { StepsFailure } from './steps/steps-runner.js';
import { runWorker } from './worker.js';

/** Wrong settings, a Redis or a device that cannot be used: starting again does not help. */
const EXIT_REFUSED = 2;
/** How long what is left may take once the worker has stopped. */
const EXIT_MS = 3000;

await main();

async function main(): Promise<void> {
  const settings = settingsOrExplain();
  if (settings === undefined) return;
  const logger = pino({ name: 'worker', level: settings.logLevel });
  const stop = new AbortController();
  const onSignal = (signal: string): void => {
    // A second signal means now: the queue takes the task back once its lock has run out.
    if (stop.signal.aborted) process.exit(1);
    logger.info({ signal }, 'asked to stop');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // The one who started us is gone.
  process.on('disconnect', () => onSignal('disconnect'));
  process.channel?.unref();
  try {
    await runWorker(settings, logger, stop.signal);
  } catch (error) {
    const refused = isRefusal(error);
    // What is refused says all in its message.
    logger.fatal(refused ? {} : { err: error }, error instanceof Error ? error.message : String(error));
    process.exitCode = refused ? EXIT_REFUSED : 1;
  }
  setTimeout(() => process.exit(), EXIT_MS).unref();
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof RedisUnsuitableError ||
    (error instanceof StepsFailure && error.jobError.kind === 'device')
  );
}

function settingsOrExplain(): WorkerSettings | undefined {
  try {
    return workerSettings(process.env, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`levy worker: ${error.message}\n`);
    process.exitCode = EXIT_REFUSED;
    return undefined;
  }
}
