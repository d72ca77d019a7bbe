import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './testing/bench.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

let redis: PrivateRedis;
let dataDir: string;
beforeAll(async () => {
  redis = await startPrivateRedis();
  dataDir = await mkdtemp(join(tmpdir(), 'levy-main-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--throw-deprecation', MAIN], {
    env: { PATH: process.env['PATH'] ?? '', LEVY_DATA_DIR: dataDir, ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  return { child, exit: once(child, 'exit'), output: () => output };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('serves until SIGTERM and ends by itself, its output one JSON document a line', async () => {
  const port = await freePort();
  const api = start({ REDIS_URL: redis.url, LEVY_PORT: String(port) });
  const headers = { authorization: 'Bearer levy_a_verysecretverysecret' };
  await until('an answer', async () =>
    fetch(`http://127.0.0.1:${port}/v1/queue`, { headers }).then(
      (response) => response.ok,
      () => false,
    ),
  );
  api.child.kill('SIGTERM');
  expect(await api.exit).toEqual([0, null]);
  for (const line of api.output().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  expect(api.output()).toContain('"reqId"');
  expect(api.output()).not.toContain('verysecret');
});

test('a busy port is an error that names LEVY_PORT', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const api = start({ REDIS_URL: redis.url, LEVY_PORT: port });
  expect(await api.exit).toEqual([2, null]);
  server.close();
  expect(api.output()).toContain(`port ${port} of 127.0.0.1 is in use by another program; set LEVY_PORT`);
});

test('wrong settings are all named at once', async () => {
  const api = start({
    LEVY_HOST: '0.0.0.0',
    LEVY_PORT: '0',
    LEVY_LOG_LEVEL: 'loud',
    LEVY_UPLOAD_BYTES: '2G',
    LEVY_QUEUE_PREFIX: '{x}',
  });
  expect(await api.exit).toEqual([2, null]);
  for (const name of ['REDIS_URL', 'HOST', 'PORT', 'LOG_LEVEL', 'QUEUE_PREFIX', 'UPLOAD_BYTES']) {
    expect(api.output()).toContain(name);
  }
});

test('a Redis that evicts is refused', async () => {
  await using evicting = await startPrivateRedis([
    '--maxmemory',
    '50mb',
    '--maxmemory-policy',
    'allkeys-lru',
  ]);
  const api = start({ REDIS_URL: evicting.url, LEVY_PORT: String(await freePort()) });
  expect(await api.exit).toEqual([2, null]);
  expect(api.output()).toContain('maxmemory-policy noeviction');
});
