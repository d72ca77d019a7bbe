import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ENGINE_REQUESTS, type EngineRequest, SettingsError, SettingsReader } from '@levy/contracts';

export interface WorkerSettings {
  readonly redisUrl: string;
  readonly queuePrefix: string;
  /** Absolute. */
  readonly dataDir: string;
  /** auto: the gpu if one answers, else the processor. */
  readonly engine: EngineRequest;
  /** A part of the name of the graphics adapter that is wanted. */
  readonly gpu: string | undefined;
  /** Of the processor; with a gpu for what it leaves to it. */
  readonly threads: number;
  readonly logLevel: LogLevel;
  /** Seconds that a running task may go on once the worker is asked to stop. */
  readonly drainSeconds: number;
  /** Where health and metrics are served, if anywhere. */
  readonly health: { readonly host: string; readonly port: number } | undefined;
  /** Stop after so many seconds without a task. */
  readonly exitWhenIdleSeconds: number | undefined;
  /** Stop after so many seconds. */
  readonly lifetimeSeconds: number | undefined;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_DRAIN_SECONDS = 10;
const MAX_SECONDS = 30 * 86_400;

/** The settings in the environment and on the command line. Throws SettingsError naming every fault. */
export function workerSettings(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): WorkerSettings {
  const reader = new SettingsReader({ env, readText: (path) => readFileSync(path, 'utf8') });
  const redisUrl = reader.url('REDIS_URL', ['redis:', 'rediss:']);
  if (reader.text('REDIS_URL') === undefined && reader.text('REDIS_URL_FILE') === undefined) {
    reader.fault('REDIS_URL is not set; name the Redis that holds the queue, such as redis://127.0.0.1:6379');
  }
  const port = reader.integer('LEVY_WORKER_PORT', { min: 1, max: 65_535 });
  const settings = {
    queuePrefix: queuePrefixOf(reader),
    dataDir: resolve(reader.text('LEVY_DATA_DIR') ?? '.levy'),
    engine: reader.oneOf('LEVY_ENGINE', ENGINE_REQUESTS) ?? 'auto',
    gpu: reader.text('LEVY_GPU'),
    threads: reader.integer('LEVY_THREADS', { min: 1, max: 1024 }) ?? availableParallelism(),
    logLevel: reader.oneOf('LEVY_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    drainSeconds: reader.integer('LEVY_DRAIN_SECONDS', { min: 0, max: 86_400 }) ?? DEFAULT_DRAIN_SECONDS,
    health: port === undefined ? undefined : { host: reader.text('LEVY_HOST') ?? '127.0.0.1', port },
    ...limits(reader, args),
  } as const;
  reader.done();
  if (redisUrl === undefined) throw new SettingsError(['REDIS_URL is empty']);
  return { redisUrl, ...settings };
}

function queuePrefixOf(reader: SettingsReader): string {
  const prefix = reader.text('LEVY_QUEUE_PREFIX') ?? 'levy';
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(prefix)) {
    reader.fault(`LEVY_QUEUE_PREFIX is "${prefix}"; it takes 1 to 64 letters, digits, ".", "_" and "-"`);
  }
  return prefix;
}

function limits(
  reader: SettingsReader,
  args: readonly string[],
): Pick<WorkerSettings, 'exitWhenIdleSeconds' | 'lifetimeSeconds'> {
  const option = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { 'exit-when-idle': option, lifetime: option },
    });
    return {
      exitWhenIdleSeconds: seconds(reader, '--exit-when-idle', values['exit-when-idle']),
      lifetimeSeconds: seconds(reader, '--lifetime', values.lifetime),
    };
  } catch (error) {
    reader.fault(error instanceof Error ? error.message : String(error));
    return { exitWhenIdleSeconds: undefined, lifetimeSeconds: undefined };
  }
}

function seconds(reader: SettingsReader, name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= MAX_SECONDS) return value;
  reader.fault(`${name} is "${text}"; it must be a number of seconds above 0 and at most ${MAX_SECONDS}`);
  return undefined;
}
