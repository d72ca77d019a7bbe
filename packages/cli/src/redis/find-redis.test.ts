import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRedis, probeRedis } from '@levy/queue';
import { startPrivateRedis } from '@levy/queue/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOnPath } from '../serve/on-path.js';
import { isAlive } from '../serve/processes.js';
import { Workbench } from '../testing/command.js';
import { dockerRedis } from './docker-redis.js';
import { findRedis, findRunningRedis, foreseeRedis } from './find-redis.js';
import { OwnRedis } from './own-redis.js';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

function search(env: Record<string, string> = {}) {
  return { context: bench.context({ env }).context, url: undefined, dataDir: join(bench.folder, 'data') };
}

/** A folder with a program of this name, as the only one on PATH. */
async function pathWith(name: string, script: string): Promise<Record<string, string>> {
  const folder = join(bench.folder, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
  return { PATH: folder };
}

const program = findOnPath('redis-server', process.env) ?? findOnPath('valkey-server', process.env) ?? '';

describe('findRedis', () => {
  it('takes REDIS_URL before everything else, and leaves it alone', async () => {
    await using given = await startPrivateRedis();
    {
      await using found = await findRedis({ ...search(), url: given.url });
      expect(found.url).toBe(given.url);
    }
    expect(await probeRedis(given.url, 1000)).toBe(true);
  });

  it('starts the one on PATH: private, append-only, never evicting, its data in the data folder', async () => {
    const { dataDir } = search();
    let url: string;
    {
      await using found = await findRedis(search());
      url = found.url;
      expect(url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
      expect(url).not.toContain(':6379');
      expect(await checkRedis(url)).toMatchObject({ durable: true, evicts: false });
      expect(await readFile(join(dataDir, 'redis', 'redis.log'), 'utf8')).not.toBe('');
      expect(await foreseeRedis(search())).toContain(url);
      expect((await findRunningRedis(search())).url).toBe(url);
    }
    expect(await probeRedis(url, 500)).toBe(false);
    expect(await foreseeRedis(search())).toContain('started when needed');
  });

  it('tells why the one on PATH does not start', async () => {
    const env = await pathWith('redis-server', 'exit 3');
    await expect(findRedis(search(env))).rejects.toThrow(/does not start[\s\S]*ended with 3/);
  });

  it('asks Docker only where there is one, and goes on where it does not answer', async () => {
    const { context, dataDir } = search({ PATH: bench.folder });
    expect(await dockerRedis(context, dataDir)).toBeUndefined();
    const silent = search(await pathWith('docker', 'exit 1'));
    expect(await dockerRedis(silent.context, dataDir)).toBeUndefined();
  });
});

describe('OwnRedis', () => {
  it('replaces one that a killed owner left behind, keeping its port and its data', async () => {
    const { dataDir, context } = search();
    const owner = `
      import { OwnRedis } from ${JSON.stringify(new URL('./own-redis.js', import.meta.url).href)};
      const { signal } = new AbortController();
      await OwnRedis.start(${JSON.stringify(program)}, ${JSON.stringify(dataDir)}, { signal, stderr: process.stderr });
      process.kill(process.pid, 'SIGKILL');`;
    const killed = spawn(process.execPath, ['--input-type=module', '--eval', owner], { stdio: 'inherit' });
    await once(killed, 'exit');
    const running = await OwnRedis.running(dataDir);
    const pid = running?.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await using next = await OwnRedis.start(program, dataDir, context);
    expect(isAlive(pid)).toBe(false);
    expect(next.url).toBe(running?.url);
    expect(await checkRedis(next.url)).toMatchObject({ durable: true });
  });

  it('is not taken in by a file that names another process', async () => {
    const { dataDir, context } = search();
    await mkdir(join(dataDir, 'redis'), { recursive: true });
    await writeFile(join(dataDir, 'redis', 'server.json'), JSON.stringify({ pid: process.pid, port: 1 }));
    expect(await OwnRedis.running(dataDir)).toBeUndefined();
    await using redis = await OwnRedis.start(program, dataDir, context);
    expect(await probeRedis(redis.url, 1000)).toBe(true);
  });

  it('is started again when it dies, on its port and with its data', async () => {
    const { dataDir, context } = search();
    await using redis = await OwnRedis.start(program, dataDir, context);
    const before = await OwnRedis.running(dataDir);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    let after = await OwnRedis.running(dataDir);
    while (after === undefined || after.pid === before?.pid) after = await OwnRedis.running(dataDir);
    expect(after.url).toBe(redis.url);
    expect(await checkRedis(redis.url)).toMatchObject({ durable: true });
  });
});
