import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probeRedis } from '@levy/queue';
import { removeServerFile, writeServerFile } from './server-file.js';

export interface ServerPlace {
  /** redis-server or valkey-server. */
  readonly program: string;
  /** Where its files are. */
  readonly folder: string;
  readonly port: number;
}

/** Reading a long append-only file back takes a while. */
const START_MS = 120_000;
const STOP_MS = 30_000;
export const PROBE_MS = 1000;

/**
 * One run of a Redis server: on a port of this machine alone, append-only, never evicting. It stands in its own process
 * group, so that Ctrl-C reaches it only after those who use it have finished.
 */
export class ServerProcess {
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(readonly place: ServerPlace) {
    const { program, folder } = place;
    this.#child = spawn(program, serverArguments(place), { cwd: folder, stdio: 'ignore', detached: true });
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) =>
        resolve(code === null ? `was ended by ${signal}` : `ended with ${code}`),
      );
    });
  }

  /** Starts it and waits until it answers. Answers its last words if it ends instead. */
  static async start(place: ServerPlace, signal: AbortSignal): Promise<ServerProcess | string> {
    const logged = (await logOf(place)).length;
    const server = new ServerProcess(place);
    const { pid } = server.#child;
    if (pid === undefined) return server.exited;
    await writeServerFile(place.folder, { pid, port: place.port });
    let end: string | undefined;
    void server.exited.then((how) => {
      end = how;
    });
    const until = performance.now() + START_MS;
    while (end === undefined) {
      if (await probeRedis(urlOf(place.port), PROBE_MS)) return server;
      if (signal.aborted || performance.now() > until) {
        await server.stop();
        signal.throwIfAborted();
        return `it did not answer within ${START_MS / 1000} s; its log is ${logPathOf(place)}`;
      }
      await delay(25);
    }
    await removeServerFile(place.folder);
    const said = (await logOf(place)).slice(logged).trim().split('\n').slice(-5).join('\n');
    return said || `it ${end}`;
  }

  /** Ends it as SHUTDOWN does: what it knows is in its append-only file. */
  async stop(): Promise<void> {
    this.terminate();
    const bound = new AbortController();
    const late = delay(STOP_MS, 'late' as const, { signal: bound.signal }).catch(() => 'late' as const);
    const outcome = await Promise.race([this.exited, late]);
    bound.abort();
    // One that hangs is left to whoever starts the next one here.
    if (outcome !== 'late') await removeServerFile(this.place.folder);
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }
}

export function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`;
}

function serverArguments(place: ServerPlace): string[] {
  return [
    ['--bind', '127.0.0.1'],
    ['--port', String(place.port)],
    ['--dir', place.folder],
    ['--logfile', logPathOf(place)],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--maxmemory-policy', 'noeviction'],
    ['--save', ''],
    ['--daemonize', 'no'],
  ].flat();
}

function logOf(place: ServerPlace): Promise<string> {
  return readFile(logPathOf(place), 'utf8').catch(() => '');
}

function logPathOf({ folder }: ServerPlace): string {
  return join(folder, 'redis.log');
}
