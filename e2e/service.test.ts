import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, until } from './levy.js';

const JOB = '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 2,3 --restarts 3 --seed 5';
const OTHER = JOB.replace('--seed 5', '--seed 6');
const LONG =
  '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 20 --restarts 1000 --iterations 1000';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.open();
  await sandbox.serve();
}, 60_000);
afterAll(() => sandbox[Symbol.asyncDispose](), 60_000);

describe('a job through the service', () => {
  it.each([
    JOB.replace('--T 2,3', '--T 3'),
    '--dataset digits --metric l2 --epsilon 1/2 --alpha 0.05 --T 4',
    '--dataset digits --metric linf --method all --epsilon 1/16 --alpha 0.1 --T 3 --restarts 2',
  ])('gives the numbers that levy measure gives: %s', async (line) => {
    const submitted = await sandbox.json(`submit ${line} --wait`);
    await using alone = await Sandbox.open();
    const measured = await alone.json(`measure ${line}`);
    expect(numbersOf(submitted)).toEqual(numbersOf(measured));
  });

  it('chooses T from a list', async () => {
    const { T } = await sandbox.json(`submit ${JOB} --wait`);
    expect([2, 3]).toContain(T);
  });

  it('can be planned, watched, looked at and listed', async () => {
    const plan = await sandbox.json(`submit ${OTHER} --dry-run`);
    expect(plan['estimatedSeconds']).toBeGreaterThan(0);
    const { stdout } = await sandbox.levy(`submit ${OTHER}`);
    const id = stdout.trim();
    const watched = await sandbox.levy(`watch ${id} --json`);
    const lines = watched.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).status);
    expect(watched.exitCode).toBe(0);
    expect(lines.at(-1)).toBe('succeeded');
    expect((await sandbox.levy(`status ${id}`)).stdout).toContain('succeeded');
    expect((await sandbox.levy('jobs')).stdout).toContain(id);
    expect((await sandbox.levy(`result ${id}`)).stdout).toContain(
      'upper bound on the concentration function',
    );
  });

  it('leaves a region that verifies, and in which a changed byte is caught', async () => {
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    await sandbox.levy(`watch ${id}`);
    const region = join(sandbox.folder, 'region.npz');
    expect((await sandbox.levy(`result ${id} --region ${region}`)).exitCode).toBe(0);
    expect((await sandbox.levy(`verify ${region} --dataset digits`)).exitCode).toBe(0);
    const bytes = await readFile(region);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(region, bytes);
    expect((await sandbox.levy(`verify ${region} --dataset digits`)).exitCode).toBe(1);
  });

  it('stops soon after it is canceled, and says so by its exit status', async () => {
    const waiting = sandbox.start(['submit', ...LONG.split(' '), '--wait']);
    await until('submission', () => waiting.stderr.includes('submitted job_'));
    const id = /job_\w+/.exec(waiting.stderr)?.[0] ?? '';
    await sandbox.untilJob(id, ({ status, fraction }) => status === 'running' && fraction > 0);
    expect((await sandbox.levy(`cancel ${id} --wait`)).stdout).toBe(`${id} canceled\n`);
    expect((await waiting.outcome()).exitCode).toBe(3);
    expect((await sandbox.levy(`result ${id}`)).exitCode).toBe(3);
  });
});

describe('what is refused', () => {
  it('names every fault and exits with 2', async () => {
    const refused = await sandbox.levy(
      'submit --dataset none --metric linf --epsilon -1 --alpha 0 --T 1.5 --seed -1 --engine fast',
    );
    expect(refused.exitCode).toBe(2);
    for (const flag of ['--dataset', '--epsilon', '--alpha', '--T', '--seed', '--engine']) {
      expect(refused.stderr).toContain(flag);
    }
  });

  it.each(['status job_none', 'watch ../../etc/passwd', 'submit --speed 3', 'jobs --status done'])(
    '%s exits with 2',
    async (line) => {
      const { exitCode, stderr } = await sandbox.levy(line);
      expect(exitCode).toBe(2);
      expect(stderr).not.toContain('    at ');
    },
  );

  it('a service that is not there is 4', async () => {
    expect((await sandbox.levy('jobs', { LEVY_URL: 'http://127.0.0.1:1' })).exitCode).toBe(4);
  });

  it('a busy port is named, with the setting for another', async () => {
    const { exitCode, stderr } = await sandbox.levy('serve', {
      LEVY_DATA_DIR: join(sandbox.folder, 'other'),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('LEVY_PORT');
  });

  it('a data folder that is served already is named', async () => {
    const { exitCode, stderr } = await sandbox.levy('serve', { LEVY_PORT: '1' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('LEVY_DATA_DIR');
  });
});

describe('the service', () => {
  it('serves its documentation', async () => {
    expect((await sandbox.get('/docs')).status).toBe(200);
    expect((await sandbox.get('/openapi.json')).status).toBe(200);
  });

  it('is what levy doctor finds', async () => {
    const checks = JSON.parse((await sandbox.levy('doctor --json')).stdout);
    const states = new Map(checks.map(({ name, state }: { name: string; state: string }) => [name, state]));
    expect(['ok', 'absent']).toContain(states.get('gpu'));
    states.delete('gpu');
    expect([...states.values()]).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });
});

/** Everything that does not depend on where and when it was computed. */
function numbersOf(result: Record<string, unknown>): Record<string, unknown> {
  const { provenance: _provenance, timings: _timings, artifacts, ...numbers } = result;
  const files = Array.isArray(artifacts)
    ? artifacts.map(({ name, sha256 }) => ({ name, sha256 }))
    : artifacts;
  return { ...numbers, files };
}
