import { ENGINE_REQUESTS, type EngineRequest } from '@levy/contracts';
import type { Context } from '../context.js';
import { DEFAULT_HOST, DEFAULT_PORT, dataDirOf, MAX_THREADS, settingsReader } from '../settings.js';

export interface ServeSettings {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly redisUrl: string | undefined;
  readonly prefix: string | undefined;
  /** Which workers it starts. */
  readonly engine: EngineRequest;
  /** A part of the name of the graphics adapter that is wanted. */
  readonly gpu: string | undefined;
  /** Where its first worker serves health and metrics; the next one serves them on the port after it. */
  readonly workerPort: number | undefined;
  /** Seconds that a worker may take to finish its task when it is asked to stop. */
  readonly drainSeconds: number;
  readonly logLevel: string | undefined;
  /** A key that the demonstration may use, if keys are needed. */
  readonly apiKey: string | undefined;
}

export const DEFAULT_DRAIN_SECONDS = 10;
export const REDIS_PROTOCOLS = ['redis:', 'rediss:'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Throws SettingsError naming every fault, before anything is started. */
export function serveSettings(context: Context): ServeSettings {
  const reader = settingsReader(context);
  const settings = {
    host: reader.text('LEVY_HOST') ?? DEFAULT_HOST,
    port: reader.integer('LEVY_PORT', { min: 1, max: 65_535 }) ?? DEFAULT_PORT,
    dataDir: dataDirOf(reader),
    redisUrl: reader.url('REDIS_URL', REDIS_PROTOCOLS),
    prefix: reader.text('LEVY_QUEUE_PREFIX'),
    engine: reader.oneOf('LEVY_ENGINE', ENGINE_REQUESTS) ?? 'auto',
    gpu: reader.text('LEVY_GPU'),
    workerPort: reader.integer('LEVY_WORKER_PORT', { min: 1, max: 65_534 }),
    drainSeconds: reader.integer('LEVY_DRAIN_SECONDS', { min: 0, max: 86_400 }) ?? DEFAULT_DRAIN_SECONDS,
    logLevel: reader.oneOf('LEVY_LOG_LEVEL', LOG_LEVELS),
    apiKey: reader.secret('LEVY_API_KEY') ?? reader.secret('LEVY_API_KEYS')?.split(',')[0]?.trim(),
  };
  reader.integer('LEVY_THREADS', { min: 1, max: MAX_THREADS });
  reader.integer('LEVY_UPLOAD_BYTES', { min: 1, max: 2 ** 40 });
  reader.done();
  return settings;
}
