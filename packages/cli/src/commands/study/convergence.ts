import type { Dataset, Estimate, JobSpec, PublishedShare } from '@levy/contracts';
import { gaussianConcentration } from '@levy/datasets';
import type { Measured } from '../measure/bench.js';

/** One row of the study: a method at one sample size and one T, over the seeds. */
export interface ConvergencePoint {
  readonly method: string;
  /** Rows that the region was fitted on. */
  readonly samples: number;
  readonly T?: number;
  readonly runs: readonly ConvergenceRun[];
  /** Over the runs that were measured; absent if none was. */
  readonly test?: { readonly risk: PublishedShare; readonly advRisk: PublishedShare };
  readonly exact?: ExactValues;
  readonly convergence?: Estimate['convergence'];
}

export type ConvergenceRun = { readonly seed: number } & (
  | { readonly risk: number; readonly advRisk: number; readonly warnings: readonly string[] }
  | { readonly error: { readonly kind: string; readonly detail: string } }
);

/** Of a known distribution. The estimate at α wanders with the sampled risk, so that it is held against h there too. */
export interface ExactValues {
  /** h(μ, α, ε) */
  readonly concentration: number;
  /** Mean over the runs of h(μ, the run's own test risk, ε). */
  readonly atOwnRisk: number;
  /** Mean over the runs of advRisk − h(μ, the run's own test risk, ε). */
  readonly excess: number;
}

/** The row that the runs of one point make. */
export function pointOf(
  specs: readonly JobSpec[],
  measured: readonly Measured[],
  dataset: Dataset,
): ConvergencePoint {
  const [spec] = specs;
  if (spec === undefined) throw new RangeError('a point has at least one run');
  const results = measured.flatMap((each) => ('measurement' in each ? [each.measurement.result] : []));
  const [first] = results;
  const T = 'T' in spec && typeof spec.T === 'number' ? { T: spec.T } : {};
  const exact = first === undefined ? undefined : exactValues(results, spec, dataset);
  return {
    method: spec.method,
    samples: first?.best.train.n ?? spec.samples ?? 0,
    ...T,
    runs: measured.map(runOf),
    ...(first === undefined
      ? {}
      : {
          test: {
            risk: meanAndStd(results.map(({ best }) => best.test.risk)),
            advRisk: meanAndStd(results.map(({ best }) => best.test.advRisk)),
          },
        }),
    ...(exact === undefined ? {} : { exact }),
    ...(first?.convergence === undefined ? {} : { convergence: first.convergence }),
  };
}

function runOf(measured: Measured): ConvergenceRun {
  const { seed } = measured.spec;
  if ('error' in measured) return { seed, error: measured.error };
  const { best, warnings } = measured.measurement.result;
  const { risk, advRisk } = best.test;
  return { seed, risk, advRisk, warnings: warnings.map(({ code }) => code) };
}

function exactValues(
  results: readonly Estimate[],
  { metric, epsilon }: JobSpec,
  { distribution }: Dataset,
): ExactValues | undefined {
  const concentration = results[0]?.exact?.concentration;
  if (distribution === undefined || concentration === undefined) return undefined;
  const h = (risk: number) =>
    risk > 0 && risk < 1 ? gaussianConcentration(distribution, metric, risk, epsilon) : risk;
  const own = results.map(({ best }) => h(best.test.risk));
  const excess = results.map(({ best }, index) => best.test.advRisk - (own[index] ?? 0));
  return { concentration, atOwnRisk: meanAndStd(own).mean, excess: meanAndStd(excess).mean };
}

/** Mean and population standard deviation. */
function meanAndStd(values: readonly number[]): Required<PublishedShare> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
