import { afterEach, beforeEach, expect, it } from 'vitest';
import { Sandbox } from './levy.js';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.open();
});
afterEach(() => sandbox[Symbol.asyncDispose](), 60_000);

it('the demonstration prints a finished table and ends with 0', { timeout: 90_000 }, async () => {
  const { exitCode, stdout } = await sandbox.levy('serve --demonstration --once');
  expect(exitCode).toBe(0);
  expect(stdout.match(/^digits +linf/gm)).toHaveLength(3);
  expect(stdout).toMatch(/gaussian-64 +l2 .*12\.61 %/);
  expect(stdout).toContain(`http://127.0.0.1:${sandbox.port}/docs`);
});
