import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** An atomic script in Lua. Its file's header names its keys, arguments and answers. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

export function defineScript(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** Runs a script by its digest; a server that does not know it yet is sent the source once. */
export async function runScript(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(script.source, keys.length, ...keys, ...args);
  }
}

/** A script's answer that is a list of strings. */
export function stringsOf(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError(`a script answered ${String(answer)}, not a list`);
  return answer.map(String);
}
