import type { Dataset } from '@levy/contracts';
import { resolveJob } from '@levy/plan';
import { type FlaggedJob, jobsFromFlags } from '../../flags/job-flags.js';

/** The jobs of one row of the study: they differ in their seed alone. */
export type PointJobs = readonly FlaggedJob[];

/**
 * Every method at every sample size and every T, in this order. What only some of the methods use is left out of the
 * jobs of the others; what none of them uses stays, to be refused.
 */
export function convergenceJobs(
  flags: Readonly<Record<string, unknown>>,
  seeds: readonly number[],
  dataset: Dataset | undefined,
): PointJobs[] {
  const { method, samples, T, ...rest } = flags;
  const base = one(jobsFromFlags(rest), rest);
  const methods = jobsFromFlags({ method });
  const unused = methods.map((job) => unusedFields({ ...base, ...job, T: 1 }, dataset));
  const usedByNone = intersection(unused);
  return methods.flatMap((chosen, index) => {
    const left = new Set([...(unused[index] ?? [])].filter((field) => !usedByNone.has(field)));
    const sizes = jobsFromFlags({ samples });
    const pieces = left.has('T') ? [{}] : jobsFromFlags({ T });
    return sizes.flatMap((size) =>
      pieces.map((piece) => {
        const job = without({ ...base, ...chosen, ...size, ...piece }, left);
        return seeds.map((seed) => ({ ...job, seed }));
      }),
    );
  });
}

/** A list in a flag that the study does not vary stays text, for the checks to refuse it. */
function one(jobs: readonly FlaggedJob[], flags: Readonly<Record<string, unknown>>): FlaggedJob {
  const [job = {}] = jobs;
  if (jobs.length === 1) return job;
  const listed = Object.entries(flags).filter(
    ([name, text]) => name in job && name !== 'tags' && typeof text === 'string' && text.includes(','),
  );
  return { ...job, ...Object.fromEntries(listed) };
}

/** The fields that the job's method does not use. */
function unusedFields(job: FlaggedJob, dataset: Dataset | undefined): Set<string> {
  const resolved = resolveJob(job, dataset);
  const faults = resolved.ok ? [] : resolved.faults;
  return new Set(
    faults.flatMap((fault) =>
      fault.code === 'unused-field' && 'pointer' in fault ? [fault.pointer.replace('#/', '')] : [],
    ),
  );
}

function intersection(sets: readonly ReadonlySet<string>[]): Set<string> {
  const [first = new Set<string>(), ...others] = sets;
  return new Set([...first].filter((field) => others.every((set) => set.has(field))));
}

function without(job: FlaggedJob, fields: ReadonlySet<string>): FlaggedJob {
  return Object.fromEntries(Object.entries(job).filter(([name]) => !fields.has(name)));
}
