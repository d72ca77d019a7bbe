import type { AllSpec, JobSpec, Method, Metric } from '@levy/contracts';

/** The spec of a job with one method. */
export type SingleSpec = Exclude<JobSpec, AllSpec>;
export type SingleMethod = SingleSpec['method'];

/** What a job with method "all" measures, and under which metrics; of candidates that tie, the order decides. */
const MEMBERS = [
  { method: 'rectangles', metrics: ['linf'] },
  { method: 'balls', metrics: ['linf', 'l2'] },
  { method: 'hyperplane', metrics: ['l2'] },
  { method: 'halfspace', metrics: ['linf', 'l2'] },
  { method: 'axis', metrics: ['linf', 'l2'] },
] as const satisfies readonly { readonly method: SingleMethod; readonly metrics: readonly Metric[] }[];

/** The methods that a job runs: those that fit its metric where it asks for all, else its own. */
export function methodsOf(method: Method, metric: Metric): readonly Method[] {
  if (method !== 'all') return [method];
  return MEMBERS.filter(({ metrics }) => fits(metrics, metric)).map((member) => member.method);
}

/** The jobs with one method each that a job over all methods stands for: their steps are its own. */
export function singleSpecsOf(spec: AllSpec): SingleSpec[] {
  return MEMBERS.filter(({ metrics }) => fits(metrics, spec.metric)).map(({ method }) =>
    singleSpecOf(spec, method),
  );
}

function singleSpecOf(spec: AllSpec, method: (typeof MEMBERS)[number]['method']): SingleSpec {
  if (method === 'rectangles') {
    if (spec.metric !== 'linf') throw new RangeError(`rectangles do not fit metric ${spec.metric}`);
    return { ...spec, method };
  }
  const { T, ...plain } = spec.metric === 'linf' ? withoutRectangles(spec) : spec;
  return method === 'balls' ? { ...plain, method, T } : { ...plain, method };
}

function withoutRectangles(spec: Extract<AllSpec, { metric: 'linf' }>) {
  const { domain, search, restarts, q, neighbors, iterations, qTolerance, ...rest } = spec;
  return rest;
}

function fits(metrics: readonly Metric[], metric: Metric): boolean {
  return metrics.includes(metric);
}
