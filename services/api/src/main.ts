import { SettingsError } from '@levy/contracts';
import { checkRedis, RedisUnsuitableError } from '@levy/queue';
import { type Logger, pino } from 'pino';
import { type ApiService, openService } from './service.js';
import { type ApiSettings, apiSettings } from './settings.js';

/** How long requests that are under way may take once the service is asked to stop. */
const STOP_MS = 10_000;
/** Wrong settings, a port that is taken, a Redis that cannot be used: starting again does not help. */
const EXIT_REFUSED = 2;

await main();

async function main(): Promise<void> {
  const settings = settingsOrExplain();
  if (settings === undefined) return;
  const logger = pino({
    name: 'api',
    level: settings.logLevel,
    redact: ['req.headers.authorization', 'headers.authorization'],
  });
  try {
    await lookAtRedis(settings, logger);
    const service = await openService(settings, logger);
    stopOnSignal(service, logger);
    await listen(service, settings);
    service.reconciler.start();
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    process.exitCode = EXIT_REFUSED;
    setTimeout(() => process.exit(), 1000).unref();
  }
}

function settingsOrExplain(): ApiSettings | undefined {
  try {
    return apiSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`levy api: ${error.message}\n`);
    process.exitCode = EXIT_REFUSED;
    return undefined;
  }
}

/** Throws RedisUnsuitableError for one that evicts. One that is away is waited for while requests are answered with 503. */
async function lookAtRedis(settings: ApiSettings, logger: Logger): Promise<void> {
  try {
    const { version, durable } = await checkRedis(settings.redisUrl);
    logger.info({ version, durable }, 'Redis');
    if (!durable) {
      logger.warn('this Redis is not append-only: accepted jobs are lost if it dies (set appendonly yes)');
    }
  } catch (error) {
    if (error instanceof RedisUnsuitableError) throw error;
    logger.warn({ err: error }, 'Redis does not answer yet');
  }
}

async function listen({ app }: ApiService, { host, port }: ApiSettings): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new Error(`port ${port} of ${host} is in use by another program; set LEVY_PORT to a free one`);
    }
    throw error;
  }
}

function stopOnSignal(service: ApiService, logger: Logger): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'asked to stop');
    setTimeout(() => process.exit(), STOP_MS).unref();
    service[Symbol.asyncDispose]().then(
      () => logger.info('stopped'),
      (error: unknown) => logger.error({ err: error }, 'stopped with a fault'),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The one who started us is gone.
  process.on('disconnect', () => stop('disconnect'));
  process.channel?.unref();
}
