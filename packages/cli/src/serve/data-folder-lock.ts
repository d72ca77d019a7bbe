import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { commandLineOf, isAlive } from './processes.js';

/** One `levy serve` a data folder: its Redis writes there. Dispose to give it back. */
export async function lockDataFolder(dataDir: string): Promise<AsyncDisposable> {
  const path = join(dataDir, 'serve.pid');
  await mkdir(dataDir, { recursive: true });
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return {
        async [Symbol.asyncDispose]() {
          await rm(path, { force: true });
        },
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = Number((await readFile(path, 'utf8').catch(() => '')).trim());
    if (holds(holder)) {
      throw new CommandError(
        EXIT.refused,
        `another levy serve (process ${holder}) uses ${dataDir}; stop it, or set LEVY_DATA_DIR to another folder`,
      );
    }
    await rm(path, { force: true });
  }
}

function holds(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return false;
  const commandLine = commandLineOf(pid);
  return commandLine === undefined || commandLine.includes('serve');
}
