import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FastifyBaseLogger } from 'fastify';
import { type ImportOrder, type ImportOutcome, parseOutcome } from './import-messages.js';

const SCRIPT = fileURLToPath(new URL('./import-process.js', import.meta.url));
/** Of JavaScript's own objects; rows and tables, which are outside of it, are bounded by the size of the upload. */
const HEAP_MEGABYTES = 1024;

/** How a process ends that has no memory left: by V8's hand, or the system's. */
const OUT_OF_MEMORY: readonly string[] = ['SIGABRT', 'SIGKILL', 'exit status 134'];

export interface ChildOptions {
  /** Kills it; then its reason is thrown. Whatever it leaves is in the order's temporary folder. */
  readonly signal: AbortSignal;
  readonly logger: FastifyBaseLogger;
  readonly heapMegabytes?: number;
}

/**
 * Carries out an order in a process of its own. Where that runs out of memory, it is the fault of what it was given
 * to read, and is answered as a refusal.
 */
export async function carryOutInChild(
  order: ImportOrder,
  { signal, logger, heapMegabytes = HEAP_MEGABYTES }: ChildOptions,
): Promise<ImportOutcome> {
  signal.throwIfAborted();
  const child = fork(SCRIPT, [], {
    execArgv: [`--max-old-space-size=${heapMegabytes}`],
    // Settings and keys are not for it.
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A Ctrl-C at a terminal is for its parent.
    detached: true,
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  try {
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => logger.warn({ line }, 'import process'));
    }
    const { message, how } = await answerOf(child, order);
    signal.throwIfAborted();
    if (message !== undefined) return parseOutcome(message);
    if (!OUT_OF_MEMORY.includes(how)) throw new Error(`an import process ended without an answer: ${how}`);
    logger.warn({ how }, 'an import process ran out of memory');
    return {
      type: 'refused',
      code: 'too-large',
      detail: `reading it took more memory than this service gives it (${heapMegabytes} MiB); import it with the command`,
    };
  } finally {
    signal.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

/** What it says before it ends, and how it ends. Rejects if it cannot be started. */
function answerOf(child: ChildProcess, order: ImportOrder): Promise<{ message: unknown; how: string }> {
  return new Promise((resolve, reject) => {
    let message: unknown;
    child.once('message', (value) => {
      message = value;
    });
    child.once('error', reject);
    child.once('close', (code, by) => resolve({ message, how: by ?? `exit status ${code}` }));
    child.send(order, (error) => {
      if (error !== null) reject(error);
    });
  });
}
