import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLineOf, isAlive } from '../serve/processes.js';

/** Which Redis was started in a folder: how the next owner finds one that was left running. */
export interface ServerFile {
  readonly pid: number;
  readonly port: number;
}

export async function readServerFile(folder: string): Promise<ServerFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(folder), 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('port' in value))
      return undefined;
    const { pid, port } = value;
    return Number.isSafeInteger(pid) && Number.isSafeInteger(port)
      ? { pid: Number(pid), port: Number(port) }
      : undefined;
  } catch {
    return undefined;
  }
}

export async function writeServerFile(folder: string, server: ServerFile): Promise<void> {
  await writeFile(pathIn(folder), `${JSON.stringify(server)}\n`);
}

export async function removeServerFile(folder: string): Promise<void> {
  await rm(pathIn(folder), { force: true });
}

/** Whether the process is the server that the file tells of, and not another that got its id. */
export function isServer({ pid, port }: ServerFile): boolean {
  if (!isAlive(pid)) return false;
  const commandLine = commandLineOf(pid);
  return (
    commandLine === undefined || (/redis|valkey/.test(commandLine) && commandLine.includes(String(port)))
  );
}

function pathIn(folder: string): string {
  return join(folder, 'server.json');
}
