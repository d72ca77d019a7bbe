import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { probeRedis } from '@levy/queue';
import { type Context, remark } from '../context.js';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';
import { instanceId } from '../serve/instance-id.js';
import { findOnPath } from '../serve/on-path.js';
import type { FoundRedis } from './found-redis.js';

const run = promisify(execFile);

const IMAGE = 'redis:7-bookworm';
const ANSWER_MS = 5000;
/** The image may have to be fetched. */
const START_MS = 300_000;
const READY_MS = 60_000;

/**
 * A Redis in a container, published on a private port of this machine, append-only, its data in a volume named after
 * the data folder's id. Undefined if Docker does not answer.
 */
export async function dockerRedis(context: Context, dataDir: string): Promise<FoundRedis | undefined> {
  const docker = findOnPath('docker', context.env);
  if (docker === undefined || !(await answers(docker))) return undefined;
  const name = `levy-redis-${await instanceId(dataDir)}`;
  remark(context, `levy: starting Redis in a container (${IMAGE}, ${name})`);
  await run(docker, ['rm', '--force', name], { timeout: ANSWER_MS * 6 }).catch(() => {});
  const started = await run(docker, containerArguments(name), { timeout: START_MS }).catch(
    (error: unknown) => {
      throw new CommandError(EXIT.failed, `Docker could not start ${IMAGE}: ${messageOf(error)}`, {
        cause: error,
      });
    },
  );
  const id = started.stdout.trim();
  const container: FoundRedis = {
    url: `redis://127.0.0.1:${await publishedPort(docker, id)}`,
    how: `container ${name}`,
    async [Symbol.asyncDispose]() {
      await run(docker, ['stop', '--time', '20', id], { timeout: ANSWER_MS * 6 }).catch(() => {});
    },
  };
  const until = performance.now() + READY_MS;
  while (!(await probeRedis(container.url, 1000))) {
    if (context.signal.aborted || performance.now() > until) {
      await container[Symbol.asyncDispose]();
      context.signal.throwIfAborted();
      throw new CommandError(
        EXIT.failed,
        `the Redis in container ${name} does not answer; see docker logs ${name}`,
      );
    }
    await delay(100);
  }
  return container;
}

function containerArguments(name: string): string[] {
  const server = ['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no'];
  const persistence = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', ''];
  const place = ['--name', name, '--publish', '127.0.0.1::6379', '--volume', `${name}:/data`];
  return ['run', '--detach', '--rm', ...place, IMAGE, ...server, ...persistence];
}

async function answers(docker: string): Promise<boolean> {
  try {
    await run(docker, ['version', '--format', '{{.Server.Version}}'], { timeout: ANSWER_MS });
    return true;
  } catch {
    return false;
  }
}

async function publishedPort(docker: string, id: string): Promise<number> {
  const { stdout } = await run(docker, ['port', id, '6379/tcp'], { timeout: ANSWER_MS });
  const port = /:(\d+)\s*$/m.exec(stdout)?.[1];
  if (port === undefined)
    throw new CommandError(EXIT.failed, `Docker published no port for Redis: ${stdout}`);
  return Number(port);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said: unknown = Reflect.get(error, 'stderr');
  return typeof said === 'string' && said.trim() !== '' ? said.trim() : error.message;
}
