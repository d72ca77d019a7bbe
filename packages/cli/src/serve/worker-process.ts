import { spawn } from 'node:child_process';
import type { WorkerFlags } from '../commands/worker.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { findRunningRedis } from '../redis/find-redis.js';
import { dataDirOf, settingsReader } from '../settings.js';
import { queuePrefix } from './instance-id.js';
import { REDIS_PROTOCOLS } from './serve-settings.js';
import { entryOf } from './services.js';

/** Runs a worker as a child process until it ends; Ctrl-C and SIGTERM are passed on to it. */
export async function runWorkerProcess(context: Context, flags: WorkerFlags): Promise<ExitCode> {
  const reader = settingsReader(context);
  const dataDir = dataDirOf(reader);
  const url = reader.url('REDIS_URL', REDIS_PROTOCOLS);
  const prefix = reader.text('LEVY_QUEUE_PREFIX');
  reader.done();
  const redis = await findRunningRedis({ context, url, dataDir });
  const env = {
    ...context.env,
    REDIS_URL: redis.url,
    REDIS_URL_FILE: undefined,
    LEVY_QUEUE_PREFIX: await queuePrefix(prefix, url, dataDir),
    LEVY_DATA_DIR: dataDir,
    ...(flags.engine === undefined ? {} : { LEVY_ENGINE: flags.engine }),
  };
  const args = [
    ...(flags.exitWhenIdle === undefined ? [] : ['--exit-when-idle', flags.exitWhenIdle]),
    ...(flags.lifetime === undefined ? [] : ['--lifetime', flags.lifetime]),
  ];
  return run(context, args, env);
}

/** In a process group of its own, so that Ctrl-C on the terminal reaches it once, through us. */
function run(
  context: Context,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ExitCode> {
  const child = spawn(process.execPath, [entryOf('worker'), ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const terminate = (): void => void child.kill('SIGTERM');
  const kill = (): void => void child.kill('SIGKILL');
  context.signal.addEventListener('abort', terminate, { once: true });
  process.once('exit', kill);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      context.signal.removeEventListener('abort', terminate);
      process.off('exit', kill);
      resolve(code === 0 ? EXIT.ok : code === 2 ? EXIT.refused : EXIT.failed);
    });
  });
}
