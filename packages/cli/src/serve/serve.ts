import { LevyClient } from '@levy/client';
import { checkRedis } from '@levy/queue';
import type { ServeFlags } from '../commands/serve.js';
import { type Context, Interrupted, remark } from '../context.js';
import { runDemonstration } from '../demonstration.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { findRedis } from '../redis/find-redis.js';
import type { FoundRedis } from '../redis/found-redis.js';
import { lockDataFolder } from './data-folder-lock.js';
import { queuePrefix } from './instance-id.js';
import { portFault } from './ports.js';
import { untilReady } from './readiness.js';
import { type ServeSettings, serveSettings } from './serve-settings.js';
import { servedEngines } from './served-engines.js';
import { Services } from './services.js';

/** Runs Redis (if it has to), the API and its workers until it is interrupted, or until the demonstration is over. */
export async function serve(context: Context, flags: ServeFlags): Promise<ExitCode> {
  const settings = serveSettings(context);
  await requirePort(settings);
  const engines = await servedEngines(context, settings);
  await using _lock = await lockDataFolder(settings.dataDir);
  await using redis = await findRedis({ context, url: settings.redisUrl, dataDir: settings.dataDir });
  await requireSuitable(context, redis);
  const env = await environment(context, settings, redis, flags);
  await using services = new Services(context, settings, engines, env);
  const work = whileServing(context, settings, services, flags);
  return await Promise.race([work, services.gaveUp, ...(redis.gaveUp === undefined ? [] : [redis.gaveUp])]);
}

async function whileServing(
  context: Context,
  settings: ServeSettings,
  services: Services,
  flags: ServeFlags,
): Promise<ExitCode> {
  const baseUrl = addressOf(settings);
  const client = new LevyClient({ baseUrl, apiKey: settings.apiKey });
  try {
    await untilReady(client, () => services.engines, context.signal);
    remark(context, `levy: serving on ${baseUrl}, documentation on ${baseUrl}/docs; Ctrl-C stops it`);
    if (flags.once || (flags.demonstration && (await isEmpty(client)))) {
      const outcome = await runDemonstration(context, client, settings.dataDir);
      context.stdout.write(`\n${baseUrl}/docs\n`);
      if (flags.once) return outcome;
    }
    return await interruption(context.signal);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    remark(context, 'levy: stopping');
    return flags.once ? EXIT.interrupted : EXIT.ok;
  }
}

async function requirePort({ host, port }: ServeSettings): Promise<void> {
  const fault = await portFault(host, port);
  if (fault === undefined) return;
  const reason =
    fault.code === 'EADDRINUSE'
      ? `port ${port} of ${host} is in use by another program; set LEVY_PORT to a free one`
      : `nothing can listen on ${host} port ${port} (${fault.message}); set LEVY_HOST and LEVY_PORT to others`;
  throw new CommandError(EXIT.refused, reason);
}

async function requireSuitable(context: Context, redis: FoundRedis): Promise<void> {
  const facts = await checkRedis(redis.url).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(EXIT.refused, `the Redis that was found (${redis.how}) cannot be used: ${reason}`);
  });
  remark(context, `levy: Redis ${facts.version} (${redis.how})`);
  if (!facts.durable) {
    remark(
      context,
      'levy: warning: this Redis is not append-only: accepted jobs are lost if it dies (appendonly yes)',
    );
  }
}

async function environment(
  context: Context,
  settings: ServeSettings,
  redis: FoundRedis,
  flags: ServeFlags,
): Promise<Record<string, string | undefined>> {
  const quiet = flags.once || flags.demonstration;
  return {
    ...context.env,
    REDIS_URL: redis.url,
    REDIS_URL_FILE: undefined,
    LEVY_QUEUE_PREFIX: await queuePrefix(settings.prefix, settings.redisUrl, settings.dataDir),
    LEVY_DATA_DIR: settings.dataDir,
    LEVY_HOST: settings.host,
    LEVY_PORT: String(settings.port),
    LEVY_LOG_LEVEL: settings.logLevel ?? (quiet ? 'warn' : 'info'),
  };
}

function addressOf({ host, port }: ServeSettings): string {
  const reached =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${reached}:${port}`;
}

async function isEmpty(client: LevyClient): Promise<boolean> {
  for await (const _ of client.jobs({ pageSize: 1 })) return false;
  return true;
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
