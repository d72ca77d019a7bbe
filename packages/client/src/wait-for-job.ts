import { isFinal, type Job } from '@levy/contracts';
import { JOB } from './answers.js';
import { LevyProblem, LevyUnreachable } from './errors.js';
import { pause } from './pause.js';
import { type Answer, retryAfter, type Transport } from './transport.js';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the job at first and whenever it has changed. */
  readonly onChange?: ((job: Job) => void) | undefined;
  /** Seconds that the service may be away before waiting is given up (default 30): it may be restarting. */
  readonly patienceSeconds?: number | undefined;
}

const HELD_SECONDS = 20;
/** An answer "not changed" that came sooner than this was not held back. */
const HELD_AT_LEAST_SECONDS = 1;
const DEFAULT_PAUSE_SECONDS = 2;
const DEFAULT_PATIENCE_SECONDS = 30;

/**
 * Follows a job until it is final. Each request names the revision already seen, and the service holds its answer
 * until there is another; one that does not hold it is asked again after the Retry-After it gives.
 */
export async function waitForJob(transport: Transport, path: string, options: WaitOptions): Promise<Job> {
  let etag: string | undefined;
  for (;;) {
    const asked = performance.now();
    const answer = await patiently(options, () =>
      transport.send({
        method: 'GET',
        path,
        ...(etag === undefined ? {} : untilChanged(etag)),
        signal: options.signal,
      }),
    );
    if (answer.status !== 304) {
      const job = transport.read(answer, JOB);
      options.onChange?.(job);
      if (isFinal(job.status)) return job;
    }
    const held = (performance.now() - asked) / 1000 >= HELD_AT_LEAST_SECONDS;
    const unchanged = answer.status === 304 || answer.headers.get('etag') === etag;
    if (unchanged && !held) await pause(pauseAfter(answer) * 1000, options.signal);
    etag = answer.headers.get('etag') ?? etag;
  }
}

function untilChanged(etag: string) {
  return {
    query: { wait: HELD_SECONDS },
    headers: { 'if-none-match': etag },
    heldSeconds: HELD_SECONDS,
  };
}

async function patiently(options: WaitOptions, ask: () => Promise<Answer>): Promise<Answer> {
  const patience = options.patienceSeconds ?? DEFAULT_PATIENCE_SECONDS;
  const started = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const away = error instanceof LevyUnreachable || (error instanceof LevyProblem && error.status === 503);
      if (!away || (performance.now() - started) / 1000 >= patience) throw error;
      await pause(1000, options.signal);
    }
  }
}

function pauseAfter(answer: Answer): number {
  return Math.max(retryAfter(answer.headers) ?? DEFAULT_PAUSE_SECONDS, 0.1);
}
