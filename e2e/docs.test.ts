import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox } from './levy.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.open();
  await sandbox.serve();
});

afterAll(() => sandbox[Symbol.asyncDispose]());

describe('every block of docs/http.md runs as it stands', async () => {
  const page = await readFile(new URL('../docs/http.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

  test('there are some', () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  test.each(blocks.map((block, index) => [index + 1, block] as const))('block %i', async (_, block) => {
    const shell = promisify(execFile)('bash', ['-eu', '-o', 'pipefail', '-c', block], {
      cwd: sandbox.folder,
      env: { ...sandbox.env },
      maxBuffer: 2 ** 24,
    });
    const { stdout } = await shell;
    expect(stdout).not.toBe('');
    if (block.includes('colour')) {
      for (const field of ['metric', 'epsilon', 'alpha', 'colour']) expect(stdout).toContain(`#/${field}`);
    } else {
      expect(stdout).not.toContain('/problems/');
    }
  });
});
