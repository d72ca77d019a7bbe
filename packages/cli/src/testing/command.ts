import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Context, Interrupted } from '../context.js';
import type { ExitCode } from '../exit-code.js';
import { levy } from '../levy.js';

/** What a command line came to. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder to run command lines in, as LEVY_DATA_DIR. */
export class Workbench implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly env: Record<string, string>,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<Workbench> {
    const folder = await mkdtemp(join(tmpdir(), 'levy-cli-'));
    const inherited = { PATH: process.env['PATH'] ?? '' };
    return new Workbench(folder, {
      ...inherited,
      LEVY_DATA_DIR: join(folder, 'data'),
      LEVY_THREADS: '1',
      ...env,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs a command line in this process. */
  async run(line: string | readonly string[], options: { abort?: AbortController } = {}): Promise<Outcome> {
    const { context, stdout, stderr } = this.context(options);
    const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
    const exitCode = await levy(argv, context);
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  }

  context(options: { abort?: AbortController; env?: Record<string, string> } = {}): {
    context: Context;
    stdout: Collector;
    stderr: Collector;
  } {
    const [stdout, stderr] = [new Collector(), new Collector()];
    const signal = options.abort?.signal ?? new AbortController().signal;
    const env = { ...this.env, ...options.env };
    return { context: { env, stdout, stderr, stdin: process.stdin, signal }, stdout, stderr };
  }
}

/** Keeps what is written to it. */
export class Collector extends Writable {
  text = '';

  constructor(readonly isTTY = false) {
    super({ decodeStrings: false });
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** Interrupts as Ctrl-C does. */
export function interrupt(abort: AbortController): void {
  abort.abort(new Interrupted());
}
