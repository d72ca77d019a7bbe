import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-walls-'));
  for (const file of ['biome.json', '.gitignore']) await copyFile(join(ROOT, file), join(folder, file));
});

afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['packages/contracts', '@levy/plan'],
  ['packages/plan', '@levy/kernels'],
  ['packages/datasets', '@levy/kernels'],
  ['packages/queue', '@levy/plan'],
  ['packages/client', '@levy/queue'],
  ['packages/concentration', '@levy/queue'],
  ['packages/concentration', 'gpu.js'],
  ['packages/cli', 'bullmq'],
  ['packages/cli', '@levy/api'],
  ['services/api', 'ioredis'],
  ['services/api', '@levy/worker'],
  ['packages/plan', '../../kernels/src/engine.js'],
])('%s may not import %s', async (place, imported) => {
  expect(await lint(place, imported)).toContain('noRestrictedImports');
});

test.each([
  ['packages/concentration', '@levy/kernels'],
  ['packages/queue', 'bullmq'],
  ['packages/kernels', 'gpu.js'],
  ['services/worker', '@levy/queue'],
  ['services/worker', '@levy/kernels/testing'],
  ['packages/plan', '../rational.js'],
])('%s may import %s', async (place, imported) => {
  expect(await lint(place, imported)).not.toContain('noRestrictedImports');
});

/** What the linter says of a file that imports it. */
async function lint(place: string, imported: string): Promise<string> {
  const file = join(folder, place, 'src', 'example.ts');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `import { used } from '${imported}';\n\nused();\n`);
  const biome = join(ROOT, 'node_modules', '.bin', 'biome');
  return new Promise((resolve) => {
    execFile(biome, ['lint', '--colors=off', file], { cwd: folder }, (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}
