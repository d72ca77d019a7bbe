import { type Dataset, type Fault, type JobSpec, jobSubmissionChecker } from '@levy/contracts';
import type { DatasetStore } from '@levy/datasets';
import { RefusedJob } from '../../failure.js';
import { type FlaggedJob, jobFromFlags } from '../../flags/job-flags.js';
import { CsvFile } from '../../output/csv-file.js';
import { resolveAll } from '../measure/bench.js';
import type { ReproduceFlags } from './reproduce.js';
import { takesRestarts } from './reproduction.js';
import { type Selection, select } from './selection.js';

/** What was asked for, checked: nothing is measured before all of it is. */
export interface Order extends Selection {
  /** One for each of `chosen`. */
  readonly specs: readonly JobSpec[];
  readonly dataset: Dataset;
  readonly csv: CsvFile | undefined;
}

/** Throws RefusedJob with every fault of the flags and of the jobs that they make. */
export async function orderOf(store: DatasetStore, what: string, flags: ReproduceFlags): Promise<Order> {
  const { selection, faults } = select(what, flags);
  const common = jobFromFlags({ ...flags });
  faults.push(...fieldFaults(common));
  const csv =
    flags.csv === undefined ? undefined : await CsvFile.at(flags.csv, `${what}-${flags.dataset}.csv`);
  if (csv !== undefined && !(csv instanceof CsvFile)) faults.push(csv);
  const specs = await resolveAll(store, selection === undefined ? [] : jobsOf(selection, common)).catch(
    (error: unknown) => {
      if (!(error instanceof RefusedJob)) throw error;
      faults.push(...error.faults.filter((fault) => !faults.some((told) => told.detail === fault.detail)));
      return [];
    },
  );
  const dataset = selection && (await store.get(selection.reproduction.dataset));
  if (faults.length > 0 || selection === undefined || dataset === undefined) {
    throw new RefusedJob(faults, `${what} cannot be reproduced as asked`);
  }
  return { ...selection, specs, dataset, csv: csv instanceof CsvFile ? csv : undefined };
}

function jobsOf({ chosen }: Selection, { restarts, ...common }: FlaggedJob): FlaggedJob[] {
  return chosen.map(({ column }) => ({
    ...column.job,
    ...common,
    ...(restarts !== undefined && takesRestarts(column.job) ? { restarts } : {}),
  }));
}

/** What is wrong with the fields by themselves, whatever job they go into. */
function fieldFaults(fields: FlaggedJob): Fault[] {
  const { dataset: _, ...rest } = fields;
  return jobSubmissionChecker.faults(rest).filter(({ code }) => code !== 'required');
}
