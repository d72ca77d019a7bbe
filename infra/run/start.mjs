// npm start: prepares the checkout, then serves with the demonstration. `--once` prints its table and exits.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { main, prepare, ROOT, RunError } from './prepare.mjs';

const FLAGS = ['--once'];

await main(async (args) => {
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) {
    throw new RunError(`npm start knows no "${unknown}"; it takes ${FLAGS.join(', ')} after --`);
  }
  await prepare();
  return serve(['serve', '--demonstration', ...args]);
});

/** The terminal sends Ctrl-C to `levy` too; here it only must not end us first. */
function serve(args) {
  return new Promise((resolve, reject) => {
    const levy = join(ROOT, 'packages', 'cli', 'bin', 'levy.js');
    const child = spawn(process.execPath, [levy, ...args], { stdio: 'inherit' });
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
