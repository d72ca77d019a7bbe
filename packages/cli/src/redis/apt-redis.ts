import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type Context, remark } from '../context.js';
import { findOnPath } from '../serve/on-path.js';

/**
 * Installs redis-server with apt-get where this is Debian or Ubuntu and we are root; on a terminal only after asking.
 * Answers whether it did.
 */
export async function installRedis(context: Context): Promise<boolean> {
  const apt = findOnPath('apt-get', context.env);
  if (apt === undefined || process.getuid?.() !== 0 || !isDebian()) return false;
  if (!(await agreed(context))) return false;
  remark(context, 'levy: installing redis-server with apt-get');
  const install = ['install', '--yes', '--no-install-recommends', 'redis-server'];
  if (await succeeds(context, apt, install)) return true;
  // Package lists may be missing or old.
  return (await succeeds(context, apt, ['update'])) && (await succeeds(context, apt, install));
}

function isDebian(): boolean {
  try {
    return /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

async function agreed({ stdin, stderr, signal }: Context): Promise<boolean> {
  if (!stdin.isTTY || !stderr.isTTY) return true;
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await terminal.question(
      'levy: no Redis found. Install redis-server with apt-get? [y/N] ',
      { signal },
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function succeeds(context: Context, program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...context.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    child.once('error', () => resolve(false));
    child.once('close', (code) => {
      if (code !== 0) remark(context, said.trim().split('\n').slice(-3).join('\n'));
      resolve(code === 0);
    });
  });
}
