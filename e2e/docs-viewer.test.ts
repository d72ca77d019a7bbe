import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox } from './levy.js';

const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .map(onPath)
  .find((path) => path !== undefined);
// In CI a browser is a must: there these tests run, and fail, without one.
const skipped = chromium === undefined && process.env['CI'] === undefined;
if (skipped) console.warn('SKIPPED: browser tests, because no Chromium is installed');

describe.skipIf(skipped)('in a browser', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.open();
    await sandbox.serve();
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  async function rendered(path: string): Promise<string> {
    const { stdout } = await promisify(execFile)(
      chromium ?? 'chromium',
      [
        ...[
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-sync',
        ],
        ...['--disable-background-networking', '--disable-component-update'],
        ...[
          `--user-data-dir=${join(sandbox.folder, 'chromium')}`,
          '--virtual-time-budget=10000',
          '--dump-dom',
        ],
        `${sandbox.env['LEVY_URL']}${path}`,
      ],
      { maxBuffer: 2 ** 25 },
    );
    return stdout;
  }

  test('/docs shows every route, with nothing from elsewhere', async () => {
    const page = await rendered('/docs');
    const { paths } = JSON.parse(await (await sandbox.get('/openapi.json')).text());
    const shown = [...page.matchAll(/data-path="([^"]*)"/g)].map((match) => match[1]);
    for (const path of Object.keys(paths)) expect(shown).toContain(path);
    expect(page).not.toMatch(/(src|href)="https?:\/\/(?!127\.0\.0\.1)[^"]*\.(js|css)/);
  });

  test('a problem page says what to do', async () => {
    const page = await rendered('/problems/invalid-job');
    expect(page).toContain('The job cannot be measured as it stands');
    expect(page).toContain('pointer to its field');
  });
});

function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
