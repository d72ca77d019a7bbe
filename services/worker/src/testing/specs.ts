import type { JobSpec } from '@levy/contracts';
import type { DatasetStore } from '@levy/datasets';
import { resolveJob } from '@levy/plan';

/** The spec of a job, on the built-in digits unless a data set is named; throws where its fields are wrong. */
export async function digitsSpec(
  store: DatasetStore,
  fields: Record<string, unknown> = {},
): Promise<JobSpec> {
  const submission = {
    dataset: 'digits',
    metric: 'linf',
    epsilon: '1/8',
    alpha: 0.05,
    T: 3,
    restarts: 2,
    ...fields,
  };
  const resolved = resolveJob(submission, await store.require(submission.dataset));
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.spec;
}

/** A job that takes minutes. */
export const LONG = { T: 20, restarts: 1000, iterations: 1000, slack: 0 };
