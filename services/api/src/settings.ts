import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SettingsError, SettingsReader } from '@levy/contracts';
import { type ApiKey, parseApiKeys } from './access/api-keys.js';
import { isLoopback } from './access/loopback.js';

export interface ApiSettings {
  readonly redisUrl: string;
  readonly queuePrefix: string;
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Empty: nobody needs a key. */
  readonly keys: readonly ApiKey[];
  /** Most bytes of an uploaded data set, as it comes and unpacked. */
  readonly uploadBytes: number;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const DEFAULT_PORT = 8080;
export const DEFAULT_UPLOAD_BYTES = 2 ** 31;

/** The settings in the environment. Throws SettingsError naming every fault. */
export function apiSettings(
  env: Readonly<Record<string, string | undefined>>,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ApiSettings {
  const reader = new SettingsReader({ env, readText });
  const redisUrl = reader.url('REDIS_URL', ['redis:', 'rediss:']);
  if (reader.text('REDIS_URL') === undefined && reader.text('REDIS_URL_FILE') === undefined) {
    reader.fault('REDIS_URL is not set; name the Redis that holds the queue, such as redis://127.0.0.1:6379');
  }
  const keys = keysOf(reader);
  const settings = {
    queuePrefix: queuePrefixOf(reader),
    host: hostOf(reader, keys.length > 0),
    port: reader.integer('LEVY_PORT', { min: 1, max: 65_535 }) ?? DEFAULT_PORT,
    dataDir: resolve(reader.text('LEVY_DATA_DIR') ?? '.levy'),
    keys,
    uploadBytes: reader.integer('LEVY_UPLOAD_BYTES', { min: 1, max: 2 ** 40 }) ?? DEFAULT_UPLOAD_BYTES,
    logLevel: reader.oneOf('LEVY_LOG_LEVEL', LOG_LEVELS) ?? 'info',
  };
  reader.done();
  if (redisUrl === undefined) throw new SettingsError(['REDIS_URL is empty']);
  return { redisUrl, ...settings };
}

function keysOf(reader: SettingsReader): readonly ApiKey[] {
  const { keys, faults } = parseApiKeys(reader.secret('LEVY_API_KEYS') ?? '');
  for (const fault of faults) reader.fault(`LEVY_API_KEYS: ${fault}`);
  return keys;
}

function hostOf(reader: SettingsReader, hasKeys: boolean): string {
  const host = reader.text('LEVY_HOST') ?? '127.0.0.1';
  const anonymous = reader.oneOf('LEVY_ALLOW_ANONYMOUS', ['0', '1']) === '1';
  if (!hasKeys && !anonymous && !isLoopback(host)) {
    reader.fault(
      `LEVY_HOST is "${host}", which others can reach, but there are no keys; set LEVY_API_KEYS, or LEVY_ALLOW_ANONYMOUS=1 if everybody may use this service`,
    );
  }
  return host;
}

function queuePrefixOf(reader: SettingsReader): string {
  const prefix = reader.text('LEVY_QUEUE_PREFIX') ?? 'levy';
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(prefix)) {
    reader.fault(`LEVY_QUEUE_PREFIX is "${prefix}"; it takes 1 to 64 letters, digits, ".", "_" and "-"`);
  }
  return prefix;
}
