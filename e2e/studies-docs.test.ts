import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox } from './levy.js';

const LEVY = fileURLToPath(new URL('../packages/cli/bin/levy.js', import.meta.url));

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.open();
});

afterAll(() => sandbox[Symbol.asyncDispose]());

describe('every block of docs/studies.md runs as it stands', async () => {
  const page = await readFile(new URL('../docs/studies.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const heavy = blocks.filter((block) => /mnist|cifar-10/.test(block));
  const light = blocks.filter((block) => !heavy.includes(block));

  test('there are some', () => {
    expect([heavy.length > 2, light.length > 1]).toEqual([true, true]);
  });

  test.each(light)('%s', async (block) => {
    const { failed, stdout, stderr } = await shell(block);
    expect(failed, stderr).toBe(false);
    expect(stdout).toContain('upper bound on the concentration function');
  });

  // Whole benchmarks take minutes: without them, their absence is the only fault that a line may have.
  test.each(heavy.flatMap(linesOf))('%s lacks nothing but its data set', async (line) => {
    const { failed, stdout, stderr } = await shell(line);
    expect(failed).toBe(true);
    expect(stdout).toBe('');
    const faults = stderr.split('\n').filter((each) => each.startsWith('  '));
    expect(faults).toEqual([
      expect.stringMatching(/^ {2}--dataset +there is no data set "(mnist|cifar-10)"/),
    ]);
  });
});

function linesOf(block: string): string[] {
  return block.replaceAll('\\\n', '').trim().split('\n');
}

function shell(block: string): Promise<{ failed: boolean; stdout: string; stderr: string }> {
  const levy = `levy() { "${process.execPath}" "${LEVY}" "$@"; }\n`;
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-eu', '-o', 'pipefail', '-c', levy + block],
      { cwd: sandbox.folder, env: { ...sandbox.env } },
      (error, stdout, stderr) => resolve({ failed: error !== null, stdout, stderr }),
    );
  });
}
