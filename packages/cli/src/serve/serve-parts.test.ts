import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Collector, Workbench } from '../testing/command.js';
import { lockDataFolder } from './data-folder-lock.js';
import { instanceId, queuePrefix } from './instance-id.js';
import { freePort, portFault } from './ports.js';
import { isAlive } from './processes.js';
import { serviceLog } from './service-log.js';
import { ServiceProcess } from './service-process.js';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe('the id of a data folder', () => {
  it('is eight digits, made once, and stands in the prefix where REDIS_URL is not set', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => instanceId(bench.folder)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^\d{8}$/);
    expect(await queuePrefix(undefined, undefined, bench.folder)).toBe(`levy-${ids[0]}`);
    expect(await queuePrefix(undefined, 'redis://x', bench.folder)).toBe('levy');
    expect(await queuePrefix('mine', undefined, bench.folder)).toBe('mine');
  });
});

describe('lockDataFolder', () => {
  it('lets one serve at a time, and forgets one that died', async () => {
    const sleeper = await started('// serve\nsetInterval(() => {}, 1000);');
    await writeFile(join(bench.folder, 'serve.pid'), `${sleeper.process.pid}\n`);
    await expect(lockDataFolder(bench.folder)).rejects.toThrow(`process ${sleeper.process.pid}`);
    await sleeper.process.stop(1000);
    await using _held = await lockDataFolder(bench.folder);
  });
});

describe('portFault', () => {
  it('tells a busy port from a free one', async () => {
    const server = createServer();
    const port = await freePort();
    expect(await portFault('127.0.0.1', port)).toBeUndefined();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect((await portFault('127.0.0.1', port))?.code).toBe('EADDRINUSE');
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('ServiceProcess', () => {
  it('is started again when it dies', async () => {
    const service = await started('console.log("up"); setInterval(() => {}, 1000);');
    const first = service.process.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until(() => service.lines.filter((line) => line === 'up').length === 2);
    expect(service.restarts).toEqual(['was ended by SIGKILL']);
    expect(service.process.pid).not.toBe(first);
    await service.process.stop(2000);
    expect(isAlive(service.process.pid ?? 0)).toBe(false);
  });

  it('is given up when it keeps dying, with what it printed last', async () => {
    const service = await started('console.error("no luck"); process.exit(3);', false);
    await expect(service.process.gaveUp).rejects.toThrow(/ended with 3, 6 times in a row[\s\S]*no luck/);
  }, 30_000);

  it('is killed where it does not stop in time', async () => {
    const service = await started(
      'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);',
    );
    const pid = service.process.pid ?? 0;
    await service.process.stop(200);
    expect(isAlive(pid)).toBe(false);
    expect(service.restarts).toEqual([]);
  });
});

describe('serviceLog', () => {
  const entry = {
    level: 40,
    time: 1_700_000_000_000,
    pid: 1,
    hostname: 'h',
    name: 'worker',
    msg: 'low',
    free: '1 GB',
  };

  it('passes JSON on with the name of the service', () => {
    const { context, stderr } = bench.context();
    const log = serviceLog(context, 'worker');
    log(JSON.stringify(entry));
    log('plain text');
    const [first = '', second] = stderr.text.split('\n');
    expect(JSON.parse(first)).toEqual({ ...entry, process: 'worker' });
    expect(second).toBe('plain text');
  });

  it('is readable on a terminal', () => {
    const { context } = bench.context({ env: { NO_COLOR: '1' } });
    const stderr = new Collector(true);
    serviceLog({ ...context, stderr }, 'worker')(JSON.stringify(entry));
    expect(stderr.text).toBe('22:13:20.000 worker warn  low free=1 GB\n');
  });
});

async function started(script: string, waits = true) {
  const path = join(bench.folder, `script-${Math.random()}.mjs`);
  await writeFile(path, script);
  const lines: string[] = [];
  const restarts: string[] = [];
  const service = new ServiceProcess({
    name: 'worker',
    script: path,
    args: ['serve'],
    env: process.env,
    onLine: (line) => lines.push(line),
    onRestart: (how) => restarts.push(how),
    backoffSeconds: [0.05, 0.05, 0.05, 0.05, 0.05],
  });
  if (waits && script.includes('"up"')) await until(() => lines.includes('up'));
  return { process: service, lines, restarts };
}

async function until(fits: () => boolean): Promise<void> {
  const bound = performance.now() + 10_000;
  while (!fits()) {
    if (performance.now() > bound) throw new Error('it did not come to it in 10 s');
    await delay(10);
  }
}
