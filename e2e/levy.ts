import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LEVY = fileURLToPath(new URL('../packages/cli/bin/levy.js', import.meta.url));

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder, a port and an environment of one's own, in which `levy` runs as people run it: as processes. */
export class Sandbox implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(extra: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
    const folder = await mkdtemp(join(tmpdir(), 'levy-e2e-'));
    const port = await freePort();
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      NO_COLOR: '1',
      LEVY_DATA_DIR: join(folder, 'data'),
      LEVY_PORT: String(port),
      LEVY_ENGINE: 'wasm',
      LEVY_URL: `http://127.0.0.1:${port}`,
      ...extra,
    };
    return new Sandbox(folder, port, env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A service ends its children and its Redis; who is left is killed.
    for (const child of this.#children) if (isRunning(child)) child.kill('SIGTERM');
    for (const child of this.#children) {
      const bound = setTimeout(() => child.kill('SIGKILL'), 15_000);
      if (isRunning(child)) await once(child, 'exit');
      clearTimeout(bound);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Starts a command and does not wait for it. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [LEVY, ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return new Running(child);
  }

  /** Runs a command line to its end. */
  async levy(line: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return this.start(line.split(' '), env).outcome();
  }

  /** As `levy`, for commands that print one JSON document. */
  async json(line: string): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await this.levy(`${line} --json`);
    if (exitCode !== 0) throw new Error(`levy ${line} exited with ${exitCode}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Starts `levy serve` and waits until it serves. */
  async serve(env: Readonly<Record<string, string>> = {}): Promise<Running> {
    const serving = this.start(['serve'], env);
    await until('serving', () => {
      if (!isRunning(serving.child)) throw new Error(`levy serve ended: ${serving.stderr}`);
      return serving.stderr.includes('serving on');
    });
    return serving;
  }

  async get(path: string): Promise<Response> {
    return fetch(`${this.env['LEVY_URL']}${path}`);
  }

  async job(id: string): Promise<JobView> {
    const response = await this.get(`/v1/jobs/${id}`);
    if (!response.ok) throw new Error(`${id}: ${response.status} ${await response.text()}`);
    return parseJob(await response.json());
  }

  /** The job as soon as it is as it should be. */
  async untilJob(id: string, fits: (job: JobView) => boolean): Promise<JobView> {
    let job: JobView | undefined;
    await until(`${id} as expected`, async () => {
      job = await this.job(id);
      return fits(job);
    });
    if (job === undefined) throw new Error(`${id} was never seen`);
    return job;
  }

  async workers(): Promise<{ pid: number; current?: unknown }[]> {
    return JSON.parse((await this.levy('workers --json')).stdout);
  }
}

/** What these tests look at of a job. */
export interface JobView {
  readonly status: string;
  readonly attempts: readonly { readonly outcome?: string; readonly worker?: string }[];
  readonly fraction: number;
}

/** A command under way. */
export class Running {
  stdout = '';
  stderr = '';

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the command did not start');
    return this.child.pid;
  }

  /** Waits for its end; a command that a signal ended has exit code −1. */
  async outcome(): Promise<Outcome> {
    if (isRunning(this.child)) await once(this.child, 'close');
    return { exitCode: this.child.exitCode ?? -1, stdout: this.stdout, stderr: this.stderr };
  }
}

export async function until(what: string, fits: () => boolean | Promise<boolean>): Promise<void> {
  const bound = performance.now() + 90_000;
  while (!(await fits())) {
    if (performance.now() > bound) throw new Error(`no ${what} within 90 s`);
    await delay(50);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parseJob(value: unknown): JobView {
  if (typeof value !== 'object' || value === null || !('status' in value) || !('attempts' in value)) {
    throw new Error(`this is no job: ${JSON.stringify(value)}`);
  }
  const { status, attempts } = value;
  const progress = 'progress' in value && typeof value.progress === 'object' ? value.progress : {};
  const fraction = progress !== null && 'fraction' in progress ? Number(progress.fraction) : 0;
  return { status: String(status), attempts: Array.isArray(attempts) ? attempts : [], fraction };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
