/** What tables and figures in print are made of. Shares are fractions in [0, 1], as everywhere in Lévy. */
export interface PublishedShare {
  readonly mean: number;
  /** Population standard deviation over the repetitions, where one is printed. */
  readonly std?: number;
}

export interface PublishedSplit {
  readonly risk?: PublishedShare;
  readonly advRisk: PublishedShare;
}

/** Percentages exactly as they are printed: 7.24 ± 0.38 is { mean: 0.0724, std: 0.0038 }, correctly rounded. */
export function printed(mean: number, std?: number): PublishedShare {
  const share = (percent: number) => Number(`${percent}e-2`);
  return { mean: share(mean), ...(std === undefined ? {} : { std: share(std) }) };
}

/** The data sets that the paper measures. */
export const BENCHMARKS = ['mnist', 'cifar-10'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

/** What the paper measures on: the standard splits. */
export const BENCHMARK_SHAPES: Readonly<Record<Benchmark, { train: number; test: number; columns: number }>> =
  {
    mnist: { train: 60_000, test: 10_000, columns: 784 },
    'cifar-10': { train: 50_000, test: 10_000, columns: 3072 },
  };

/** ε as a job takes it: a number, or a fraction p/q. */
export type PublishedEpsilon = number | string;

export const PAPER =
  'Mahloujifar, Zhang, Mahmoody, Evans: Empirically Measuring Concentration, NeurIPS 2019, arXiv 1905.12202';
