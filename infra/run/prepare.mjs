// Makes a fresh clone ready to run: checks Node.js, installs what is missing, builds what is older than its source.
// Runs before anything is installed, so it uses nothing but Node.js itself.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const LEAST_NODE = [20, 20];
/** Written after an installation and after a build; its time says of when they are. */
const INSTALLED = join(ROOT, 'node_modules', '.levy-installed');
const BUILT = join(ROOT, 'node_modules', '.levy-built');
const SOURCES = ['src', 'assembly', 'data', 'package.json', 'tsconfig.json', 'asconfig.json'];

/** A fault that is told in one message, without a stack. */
export class RunError extends Error {}

export async function prepare() {
  requireNode();
  const installed = await install();
  await build(installed);
}

/** Runs a command to its end, and answers its exit status; 128 + n if signal n ended it. */
export function run(command, args, { env = process.env, quiet = false, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(command, args, { cwd: ROOT, env, stdio });
    let output = '';
    for (const stream of quiet ? [child.stdout, child.stderr] : []) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        const line = text.trim().split('\n').at(-1);
        // npm's own remarks are no progress.
        if (line && !line.startsWith('npm ')) onLine?.(line);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ status: code ?? (signal === 'SIGINT' ? 130 : 143), output }),
    );
  });
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new RunError(
    `Lévy needs Node.js ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org`,
  );
}

async function install() {
  const wanted = newest([join(ROOT, 'pnpm-lock.yaml')]);
  if (timeOf(INSTALLED) >= wanted && existsSync(join(ROOT, 'node_modules', '.pnpm'))) return false;
  await step('installing packages', 'npx', [
    ...pnpm(),
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
  ]);
  stamp(INSTALLED, wanted);
  return true;
}

async function build(installed) {
  const wanted = newest(sourcesOf());
  if (!installed && timeOf(BUILT) >= wanted && packages().every(hasOutputs)) return;
  const turbo = ['turbo', 'run', 'build', '--output-logs=errors-only', '--no-color', '--ui=stream'];
  await step('building', 'npx', [...pnpm(), 'exec', ...turbo]);
  stamp(BUILT, wanted);
}

/** What npx runs pnpm by, in the version that package.json names; turbo finds pnpm through it, too. */
function pnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return ['-y', packageManager.split('+')[0]];
}

/** One step of the preparation: a line that moves on a terminal, everything only if it fails. */
async function step(name, command, args) {
  const { isTTY, columns = 80 } = process.stderr;
  const started = Date.now();
  if (!isTTY) process.stderr.write(`levy: ${name} …\n`);
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
  const show = (line) => {
    const seconds = Math.round((Date.now() - started) / 1000);
    const text = `levy: ${name} … ${seconds} s  ${line}`.slice(0, columns - 1);
    process.stderr.write(`\r\u001b[K${text}`);
  };
  const { status, output } = await run(command, args, {
    env,
    quiet: true,
    ...(isTTY ? { onLine: show } : {}),
  });
  if (isTTY) process.stderr.write('\r\u001b[K');
  if (status !== 0) {
    process.stderr.write(output);
    throw new RunError(
      `${name} failed (${[command, ...args].join(' ')} ended with ${status}); its output is above`,
    );
  }
  process.stderr.write(`levy: ${name} took ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function packages() {
  const grouped = ['packages', 'services'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name)),
  );
  return [...grouped, join(ROOT, 'bench')].filter((path) => existsSync(join(path, 'package.json')));
}

function hasOutputs(path) {
  return existsSync(join(path, 'dist', '.tsbuildinfo'));
}

function sourcesOf() {
  const own = packages().flatMap((path) => SOURCES.map((name) => join(path, name)));
  return [join(ROOT, 'tsconfig.base.json'), join(ROOT, 'turbo.json'), ...own].filter(existsSync);
}

/** The latest change under these paths; a folder's own time tells of files that were removed from it. */
function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const stat = statSync(path);
    latest = Math.max(latest, stat.mtimeMs);
    if (!stat.isDirectory()) continue;
    const entries = readdirSync(path).filter((name) => name !== 'node_modules');
    latest = Math.max(latest, newest(entries.map((name) => join(path, name))));
  }
  return latest;
}

function timeOf(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -1;
}

/** Carries the time of the newest source, not of now: what changed during the build is built next time. */
function stamp(path, milliseconds) {
  writeFileSync(path, '');
  const seconds = Math.ceil(milliseconds) / 1000;
  utimesSync(path, seconds, seconds);
}

/** Runs a command of this folder, and tells a fault in one message. */
export async function main(command) {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    process.stderr.write(`levy: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(prepare);
