import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Eight digits that tell this data folder from others; made once and kept in it. */
export async function instanceId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'instance-id');
  await mkdir(dataDir, { recursive: true });
  const made = String(randomInt(10_000_000, 100_000_000));
  await writeFile(path, `${made}\n`, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const kept = (await readFile(path, 'utf8')).trim();
  if (/^\d{8}$/.test(kept)) return kept;
  await writeFile(path, `${made}\n`);
  return made;
}

/** LEVY_QUEUE_PREFIX, or what stands in for it: people who share a Redis must not meet in it by chance. */
export async function queuePrefix(
  given: string | undefined,
  redisUrl: string | undefined,
  dataDir: string,
): Promise<string> {
  return given ?? (redisUrl === undefined ? `levy-${await instanceId(dataDir)}` : 'levy');
}
