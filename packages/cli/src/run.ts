import type { Context } from './context.js';
import type { ExitCode } from './exit-code.js';

/** Makes of a command's work what commander calls: it gets the context, and its answer becomes the exit status. */
export type Run = <Args extends readonly unknown[]>(
  action: (context: Context, ...args: Args) => Promise<ExitCode>,
) => (...args: Args) => Promise<void>;
