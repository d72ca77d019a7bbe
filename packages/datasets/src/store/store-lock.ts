import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError } from '../io/system-error.js';
import { isAbandoned, owner, tempPath } from './temp-files.js';

const POLL_MS = 20;
const WAIT_MS = 30_000;

/**
 * Runs `work` while no other process changes the manifests of this store. The lock is a file that names its
 * holder, made by `link`, which is atomic on every file system; the lock of a process that died is broken.
 * Held for milliseconds: bytes are written before, only names change under it.
 */
export async function withStoreLock<R>(path: string, tempFolder: string, work: () => Promise<R>): Promise<R> {
  const mine = `${owner()}.${randomUUID()}`;
  await acquire(path, tempFolder, mine);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, tempFolder: string, mine: string): Promise<void> {
  const temp = tempPath(tempFolder);
  const file = await open(temp, 'wx');
  try {
    await file.writeFile(mine);
    const deadline = Date.now() + WAIT_MS;
    while (!(await tryLink(temp, path))) {
      if (Date.now() > deadline) {
        throw new Error(
          `${path} has been held for ${WAIT_MS / 1000} s by ${await readHolder(path)}; if it is gone, delete the file`,
        );
      }
      await breakIfAbandoned(path, tempFolder);
      await sleep(POLL_MS);
    }
  } finally {
    await file.close();
    await rm(temp, { force: true });
  }
}

async function tryLink(temp: string, path: string): Promise<boolean> {
  try {
    await link(temp, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

async function breakIfAbandoned(path: string, tempFolder: string): Promise<void> {
  try {
    const holder = await readHolder(path);
    if (holder === undefined || !isAbandoned(holder, (await stat(path)).mtimeMs)) return;
    const aside = tempPath(tempFolder);
    await rename(path, aside);
    // Another process may have broken the lock and taken it in between: then it gets it back.
    if ((await readHolder(aside)) !== holder) await tryLink(aside, path);
    await rm(aside, { force: true });
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
