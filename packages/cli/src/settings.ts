import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SettingsReader } from '@levy/contracts';
import type { Context } from './context.js';

export interface CommandSettings {
  /** Absolute. */
  readonly dataDir: string;
  readonly threads: number;
  /** A part of the name of the graphics adapter that is wanted. */
  readonly gpu: string | undefined;
  /** Where the API is reached. */
  readonly url: string;
  readonly apiKey: string | undefined;
}

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8080;
export const MAX_THREADS = 1024;

/** The settings of every command; throws SettingsError naming every fault. */
export function commandSettings(context: Context): CommandSettings {
  const reader = settingsReader(context);
  const settings = {
    dataDir: dataDirOf(reader),
    threads: reader.integer('LEVY_THREADS', { min: 1, max: MAX_THREADS }) ?? availableParallelism(),
    gpu: reader.text('LEVY_GPU'),
    url: reader.url('LEVY_URL', ['http:', 'https:']) ?? `http://${DEFAULT_HOST}:${DEFAULT_PORT}`,
    apiKey: reader.secret('LEVY_API_KEY'),
  };
  reader.done();
  return settings;
}

export function settingsReader({ env }: Context): SettingsReader {
  return new SettingsReader({ env, readText: (path) => readFileSync(path, 'utf8') });
}

export function dataDirOf(reader: SettingsReader): string {
  return resolve(reader.text('LEVY_DATA_DIR') ?? '.levy');
}
