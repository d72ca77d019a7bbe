import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isSystemError } from '../io/system-error.js';

/** A file of another host cannot be asked about, and is taken for abandoned after this long. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

const HOST = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');

/** A path in `folder` that no other process uses, and whose name says whose it is. */
export function tempPath(folder: string): string {
  return join(folder, `${owner()}.${randomBytes(9).toString('hex')}.tmp`);
}

/** Names this process, for files that must be told apart from those of dead ones. */
export function owner(): string {
  return `${HOST}.${process.pid}`;
}

/**
 * Whether the process that `owner()` named is gone. A file as old as `mtimeMs` cannot belong to a
 * process that started later, even under the same id (in a container every first process is 1).
 */
export function isAbandoned(name: string, mtimeMs: number): boolean {
  const [host, id] = name.split('.');
  const pid = Number(id);
  if (host !== HOST || !Number.isSafeInteger(pid) || pid <= 0) return Date.now() - mtimeMs > FOREIGN_AGE_MS;
  if (pid === process.pid) return mtimeMs < Date.now() - process.uptime() * 1000 - 1000;
  return !isAlive(pid);
}

/** Removes what dead processes left in a folder of temporary files. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    try {
      const { mtimeMs } = await stat(path);
      if (isAbandoned(name, mtimeMs)) await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error; // its owner, or another cleaner, was faster
    }
  }
}

/** Writes a file so that readers see all of it or nothing, and so that it survives a crash once this resolves. */
export async function writeFileAtomically(path: string, content: string, tempFolder: string): Promise<void> {
  const temp = tempPath(tempFolder);
  try {
    const file = await open(temp, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveDurably(temp, path);
  } finally {
    await rm(temp, { force: true });
  }
}

/** Renames within one file system, then makes the new name durable. */
export async function moveDurably(from: string, to: string): Promise<void> {
  const folder = dirname(to);
  await mkdir(folder, { recursive: true });
  await rename(from, to);
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some systems cannot open or sync a folder; the rename itself is atomic there too.
    if (!isSystemError(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error, 'EPERM');
  }
}
