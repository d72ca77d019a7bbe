import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probeRedis } from '@levy/queue';
import { type Context, remark } from '../context.js';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { freePort, portFault } from '../serve/ports.js';
import { gone } from '../serve/processes.js';
import type { FoundRedis } from './found-redis.js';
import { isServer, readServerFile, removeServerFile } from './server-file.js';
import { PROBE_MS, ServerProcess, urlOf } from './server-process.js';

const STOP_MS = 30_000;
const TRIES = 3;
/** Pauses before it is started again; after as many deaths it is given up. */
const RESTART_SECONDS = [0.1, 1, 2, 4, 8];

/**
 * A Redis of our own, with its files in the data folder. If it dies it is started again on its port: what it had
 * accepted is in its append-only file, and those who use it reconnect.
 */
export class OwnRedis implements FoundRedis {
  readonly gaveUp: Promise<never>;
  readonly #context: Context;
  readonly #stopping = new AbortController();
  #server: ServerProcess;
  #watching: Promise<void> = Promise.resolve();

  private constructor(context: Context, server: ServerProcess) {
    this.#context = context;
    this.#server = server;
    this.gaveUp = new Promise((_, reject) => {
      this.#watching = this.#keepRunning().catch(reject);
    });
    // Whoever awaits it learns of it; nobody has to.
    this.gaveUp.catch(() => {});
    process.once('exit', this.#terminate);
  }

  /** One that was started in this data folder and still runs: its owner may have been killed. */
  static async running(dataDir: string): Promise<{ readonly url: string; readonly pid: number } | undefined> {
    const server = await readServerFile(folderOf(dataDir));
    if (server === undefined || !isServer(server)) return undefined;
    const url = urlOf(server.port);
    return (await probeRedis(url, PROBE_MS)) ? { url, pid: server.pid } : undefined;
  }

  /**
   * Starts the server on a private port, after ending one that a killed owner left behind in this folder: two of them
   * would write to the same files.
   */
  static async start(program: string, dataDir: string, context: Context): Promise<OwnRedis> {
    const folder = folderOf(dataDir);
    await mkdir(folder, { recursive: true });
    const formerPort = await endLeftOver(folder);
    let failure = '';
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const port = attempt === 0 && formerPort !== undefined ? formerPort : await freePort();
      const server = await ServerProcess.start({ program, folder, port }, context.signal);
      if (server instanceof ServerProcess) return new OwnRedis(context, server);
      failure = server;
    }
    throw new CommandError(EXIT.failed, `${program} does not start in ${folder}:\n${failure}`);
  }

  get url(): string {
    return urlOf(this.#server.place.port);
  }

  get how(): string {
    return `${this.#server.place.program} in ${this.#server.place.folder}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#server.stop();
    await this.#watching;
    process.off('exit', this.#terminate);
  }

  readonly #terminate = (): void => this.#server.terminate();

  async #keepRunning(): Promise<void> {
    for (const seconds of RESTART_SECONDS) {
      const how = await this.#server.exited;
      if (this.#stopping.signal.aborted) return;
      remark(this.#context, `levy: Redis ${how}; starting it again`);
      await delay(seconds * 1000, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      const server = await ServerProcess.start(this.#server.place, this.#stopping.signal);
      if (!(server instanceof ServerProcess))
        throw new CommandError(EXIT.failed, `Redis does not start: ${server}`);
      this.#server = server;
      // We were stopped while it started, and it was the one before that was told to end.
      if (this.#stopping.signal.aborted) return await server.stop();
    }
    const how = await this.#server.exited;
    if (!this.#stopping.signal.aborted)
      throw new CommandError(EXIT.failed, `Redis ${how} again and again; it is given up`);
  }
}

/** Ends a server that still runs in the folder. Answers its port, if that is free now. */
async function endLeftOver(folder: string): Promise<number | undefined> {
  const server = await readServerFile(folder);
  if (server === undefined) return undefined;
  if (isServer(server)) {
    process.kill(server.pid, 'SIGTERM');
    if (!(await gone(server.pid, STOP_MS))) {
      throw new CommandError(
        EXIT.failed,
        `the Redis that was left running in ${folder} (process ${server.pid}) does not end; end it and try again`,
      );
    }
  }
  await removeServerFile(folder);
  return (await portFault('127.0.0.1', server.port)) === undefined ? server.port : undefined;
}

function folderOf(dataDir: string): string {
  return join(dataDir, 'redis');
}
