import type { LevyClient } from '@levy/client';
import { isFinal, type Job } from '@levy/contracts';
import { type Context, Interrupted, remark } from '../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.js';
import { type ProgressView, progressView } from '../output/progress.js';

/**
 * Follows a job until it is final, showing its progress. Ctrl-C detaches: the job goes on.
 * @param onChange takes the showing over.
 */
export async function followJob(
  context: Context,
  client: LevyClient,
  id: string,
  onChange?: (job: Job) => void,
): Promise<Job | 'detached'> {
  using view = progressView(context, id);
  try {
    return await client.waitFor(id, {
      signal: context.signal,
      onChange: onChange ?? ((job) => showProgress(view, job)),
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    remark(
      context,
      `levy: detached; the job goes on. levy watch ${id} follows it again, levy cancel ${id} stops it`,
    );
    return 'detached';
  }
}

/** The exit status of having followed a job, and a remark where it did not succeed. */
export function outcomeOf(context: Context, job: Job | 'detached'): ExitCode {
  if (job === 'detached') return EXIT.interrupted;
  if (!isFinal(job.status)) return EXIT.ok;
  if (job.status !== 'succeeded') {
    const why = job.error === undefined ? '' : `: ${job.error.detail} (${job.error.kind})`;
    remark(context, `levy: ${job.id} ${job.status.replace('_', ' ')}${why}`);
  }
  return exitCodeOf(job.status);
}

function showProgress(view: ProgressView, job: Job): void {
  if (isFinal(job.status)) return;
  const { progress, waitingFor, status } = job;
  if (status === 'running' && progress !== undefined) view.update(progress);
  else {
    const waiting =
      waitingFor === undefined ? status : `${status}, no live worker offers engine ${waitingFor}`;
    view.update({ fraction: progress?.fraction ?? 0, phase: waiting });
  }
}
