import type {
  Benchmark,
  JobSubmission,
  Method,
  Metric,
  PublishedEpsilon,
  PublishedSplit,
  RobustModel,
} from '@levy/contracts';

/** What `levy reproduce` knows. */
export const REPRODUCED = ['table1', 'table2', 'table3', 'figure1'] as const;
export type Reproduced = (typeof REPRODUCED)[number];

/** Ours, beside what is published. Another way to measure every row is one more name here and its jobs. */
export const COLUMNS = ['paper', 'searched', 'defaults', 'all'] as const;
export type ColumnName = (typeof COLUMNS)[number];

export const DEFAULT_COLUMNS = ['paper', 'searched', 'defaults'] as const satisfies readonly ColumnName[];

/** A table or figure of the paper on one data set, as rows that can be measured. */
export interface Reproduction {
  readonly dataset: Benchmark;
  /** "Table 1 on mnist" */
  readonly title: string;
  readonly source: string;
  readonly rows: readonly ReproducedRow[];
  /** Published classifiers to print beside it. */
  readonly models?: readonly RobustModel[];
}

export interface ReproducedRow {
  /** What `--rows` may call it; several rows may share a name. */
  readonly names: readonly string[];
  readonly title: string;
  readonly setting: PublishedSetting;
  readonly published: PublishedFigures;
  readonly columns: readonly ReproducedColumn[];
  /** What to know about the row's settings. */
  readonly note?: string;
}

/** As printed. */
export interface PublishedSetting {
  readonly metric: Metric;
  readonly method: Method;
  readonly epsilon: PublishedEpsilon;
  readonly alpha: number;
  readonly T?: number;
}

export interface PublishedFigures {
  readonly q?: number;
  readonly train?: PublishedSplit;
  readonly test: PublishedSplit;
}

export interface ReproducedColumn {
  readonly name: ColumnName;
  /** All but the data set, the seed and what the command's flags give every job. */
  readonly job: Omit<JobSubmission, 'dataset' | 'seed' | 'samples' | 'restarts'>;
  /** Which of a job's figures stand beside the published ones: mean and deviation of its restarts, or its region's. */
  readonly figures: 'restarts' | 'best';
  /** In standard deviations of the published figure where it has one, or in points always. */
  readonly difference: 'deviations' | 'points';
}

/** Whether rectangles are among what a job tries, so that `--restarts` means something. */
export function takesRestarts({ metric, method }: ReproducedColumn['job']): boolean {
  return metric === 'linf' && ['rectangles', 'all'].includes(method ?? 'rectangles');
}

/** Says so where the authors' runs used a decimal for the ε that is printed. */
export function epsilonNote(printed: PublishedEpsilon, used: PublishedEpsilon): { note?: string } {
  if (printed === used) return {};
  return {
    note: `under protocol paper ε is ${used}, the decimal just below ${printed} that the authors' figures come out with; elsewhere it is exactly ${printed}`,
  };
}
