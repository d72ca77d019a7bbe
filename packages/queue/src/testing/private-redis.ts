import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probeRedis } from '../connection/redis-facts.js';

/** A Redis of one's own, for tests: append-only, on a free port, its data in a temporary folder. */
export interface PrivateRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Stops it at once, as a lost machine would; its data stay. */
  kill(): Promise<void>;
  /** Starts it again on its port with its data (stopping it first where it runs). */
  restart(): Promise<void>;
  /** Holds it still, so that it answers nobody, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

const COMMANDS = ['redis-server', 'valkey-server'];

/**
 * Starts redis-server or valkey-server from PATH. Throws where there is neither.
 * @param settings further arguments, such as ['--maxmemory', '10mb']
 */
export async function startPrivateRedis(settings: readonly string[] = []): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'levy-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server = await start(port, folder, settings);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGCONT');
    server.kill(signal);
    await gone;
  };
  // A test that fails before it cleans up leaves no server behind.
  const onExit = (): void => void server.kill('SIGKILL');
  process.once('exit', onExit);
  const redis: PrivateRedis = {
    url,
    port,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGKILL');
      server = await start(port, folder, settings);
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop: async () => {
      await end('SIGTERM');
      process.off('exit', onExit);
      await rm(folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => redis.stop(),
  };
  return redis;
}

async function start(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  for (const command of COMMANDS) {
    const server = spawn(command, [...args, ...settings], { stdio: 'ignore' });
    const failed = once(server, 'error').then(() => 'failed' as const);
    const exited = once(server, 'exit').then(() => 'exited' as const);
    const outcome = await Promise.race([answering(port), failed, exited]);
    if (outcome === 'answers') return server;
    if (outcome === 'exited')
      throw new Error(`${command} on port ${port} ended at once with ${server.exitCode}`);
    server.kill('SIGKILL');
  }
  throw new Error(`neither ${COMMANDS.join(' nor ')} is on PATH, so there is no Redis to test with`);
}

async function answering(port: number): Promise<'answers'> {
  while (!(await probeRedis(`redis://127.0.0.1:${port}`, 500))) await sleep(20);
  return 'answers';
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
