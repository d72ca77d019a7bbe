import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probeRedis } from '@levy/queue';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { freePort, portFault } from '../serve/ports.js';
import { commandLineOf, gone, isAlive } from '../serve/processes.js';
import type { FoundRedis } from './found-redis.js';

/** Reading a long append-only file back takes a while. */
const START_MS = 120_000;
const STOP_MS = 30_000;
const PROBE_MS = 1000;
const TRIES = 3;

interface ServerFile {
  readonly pid: number;
  readonly port: number;
}

/**
 * A Redis of our own: on a private port of this machine, append-only, never evicting, its files in the data folder.
 * It stands in its own process group, so that Ctrl-C reaches it only after those who use it have finished.
 */
export class OwnRedis implements FoundRedis {
  #stopping = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
    readonly how: string,
  ) {
    process.once('exit', this.#terminate);
  }

  /** One that was started in this data folder and still runs: its owner may have been killed. */
  static async running(dataDir: string): Promise<{ readonly url: string; readonly pid: number } | undefined> {
    const server = await readServerFile(folderOf(dataDir));
    if (server === undefined || !isOurs(server)) return undefined;
    const url = urlOf(server.port);
    return (await probeRedis(url, PROBE_MS)) ? { url, pid: server.pid } : undefined;
  }

  /**
   * Starts the server, after ending one that a killed owner left behind in this folder: two of them would write to
   * the same files.
   */
  static async start(program: string, dataDir: string, signal: AbortSignal): Promise<OwnRedis> {
    const folder = folderOf(dataDir);
    await mkdir(folder, { recursive: true });
    const formerPort = await endLeftOver(folder);
    let failure = '';
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const port = attempt === 0 && formerPort !== undefined ? formerPort : await freePort();
      const redis = await OwnRedis.#launch(program, folder, port, signal);
      if (redis instanceof OwnRedis) return redis;
      failure = redis;
    }
    throw new CommandError(EXIT.failed, `${program} does not start in ${folder}:\n${failure}`);
  }

  get url(): string {
    return urlOf(this.port);
  }

  onExit(listener: () => void): void {
    this.child.once('exit', () => {
      if (!this.#stopping) listener();
    });
  }

  /** Ends it as SHUTDOWN does: what it knows is in its append-only file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#terminate();
    process.off('exit', this.#terminate);
    const { pid } = this.child;
    if (pid === undefined || (await ended(this.child, STOP_MS)))
      await rm(serverFileOf(this.folder), { force: true });
  }

  readonly #terminate = (): void => {
    this.#stopping = true;
    this.child.kill('SIGTERM');
  };

  /** Answers the server's last words if it ended instead. */
  static async #launch(
    program: string,
    folder: string,
    port: number,
    signal: AbortSignal,
  ): Promise<OwnRedis | string> {
    const log = join(folder, 'redis.log');
    const logged = existsSync(log) ? (await readFile(log, 'utf8')).length : 0;
    const child = spawn(program, serverArguments(folder, port, log), {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
    });
    child.once('error', () => {}); // told through the exit below
    const redis = new OwnRedis(child, folder, port, `${program} in ${folder}`);
    if (child.pid !== undefined) await writeServerFile(folder, { pid: child.pid, port });
    const until = performance.now() + START_MS;
    while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      if (await probeRedis(redis.url, PROBE_MS)) return redis;
      if (signal.aborted || performance.now() > until) {
        await redis[Symbol.asyncDispose]();
        signal.throwIfAborted();
        return `it did not answer within ${START_MS / 1000} s; its log is ${log}`;
      }
      await delay(25);
    }
    await redis[Symbol.asyncDispose]();
    if (child.pid === undefined) return 'it could not be executed';
    const said = existsSync(log) ? (await readFile(log, 'utf8')).slice(logged).trim() : '';
    return said.split('\n').slice(-5).join('\n') || `it ended with ${child.exitCode ?? child.signalCode}`;
  }
}

function serverArguments(folder: string, port: number, log: string): string[] {
  return [
    ['--bind', '127.0.0.1'],
    ['--port', String(port)],
    ['--dir', folder],
    ['--logfile', log],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--maxmemory-policy', 'noeviction'],
    ['--save', ''],
    ['--daemonize', 'no'],
  ].flat();
}

/** Ends a server that still runs in the folder. Answers its port, if that is free now. */
async function endLeftOver(folder: string): Promise<number | undefined> {
  const server = await readServerFile(folder);
  if (server === undefined) return undefined;
  if (isOurs(server)) {
    process.kill(server.pid, 'SIGTERM');
    if (!(await gone(server.pid, STOP_MS))) {
      throw new CommandError(
        EXIT.failed,
        `the Redis that was left running in ${folder} (process ${server.pid}) does not end; end it and try again`,
      );
    }
  }
  await rm(serverFileOf(folder), { force: true });
  return (await portFault('127.0.0.1', server.port)) === undefined ? server.port : undefined;
}

/** Whether the process is the server that the file tells of, and not another that got its id. */
function isOurs({ pid, port }: ServerFile): boolean {
  if (!isAlive(pid)) return false;
  const commandLine = commandLineOf(pid);
  return (
    commandLine === undefined || (/redis|valkey/.test(commandLine) && commandLine.includes(String(port)))
  );
}

function ended(child: ChildProcess, milliseconds: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const bound = setTimeout(() => resolve(false), milliseconds);
    child.once('exit', () => {
      clearTimeout(bound);
      resolve(true);
    });
  });
}

async function readServerFile(folder: string): Promise<ServerFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(serverFileOf(folder), 'utf8'));
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

async function writeServerFile(folder: string, server: ServerFile): Promise<void> {
  await writeFile(serverFileOf(folder), `${JSON.stringify(server)}\n`);
}

function serverFileOf(folder: string): string {
  return join(folder, 'server.json');
}

function folderOf(dataDir: string): string {
  return join(dataDir, 'redis');
}

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`;
}
