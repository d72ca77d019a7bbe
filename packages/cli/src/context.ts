import type { Writable } from 'node:stream';

/** What a command has around it: the process's own, or a test's. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data goes here, and nothing else. */
  readonly stdout: Terminal;
  /** Progress, remarks and errors. */
  readonly stderr: Terminal;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
}

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Ctrl-C or SIGTERM. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

/** Prints one JSON document. */
export function printJson(context: Context, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Something that a person should read, beside the data. */
export function remark(context: Context, text: string): void {
  context.stderr.write(`${text}\n`);
}
