import { type Context, Interrupted } from './context.js';
import { EXIT } from './exit-code.js';
import { levy } from './levy.js';

/** Runs `levy` as this process: its arguments, streams and signals. Sets the exit status. */
export async function runProcess(): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => {
    // A second signal means now.
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Interrupted());
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // Whoever reads may stop reading: `levy jobs | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
  const context: Context = {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    signal: controller.signal,
  };
  try {
    process.exitCode = await levy(process.argv.slice(2), context);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
