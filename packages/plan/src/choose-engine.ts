import type { Dataset, EngineClass, JobSpec } from '@levy/contracts';
import { planJob } from './plan-job.js';

/** What there is to compute a job: of an engine class that is offered, its threads; absent where nobody offers it. */
export type Offers = Readonly<Partial<Record<EngineClass, { readonly threads: number }>>>;

/**
 * Seconds that a GPU must be expected to save before a job goes there by itself. Starting the first passes, bringing
 * rows over and compiling kernels cost a GPU a second or so that no plan counts: a smaller job is done on the processor
 * by then, and leaves the GPU to a larger one.
 */
export const LEAST_GAIN_SECONDS = 2;

/**
 * The engine class of a job: what it asks for, whether offered or not, so that it waits where nobody offers it. A job
 * that asks for "auto" takes the gpu where one is offered and saves enough, and else the processor, which it also waits
 * for where nobody is there.
 * Throws RangeError if the data set is not the one that the spec was resolved for.
 */
export function chooseEngine(spec: JobSpec, dataset: Dataset, offers: Offers): EngineClass {
  if (spec.engine !== 'auto') return spec.engine;
  const { wasm, gpu } = offers;
  if (gpu === undefined) return 'wasm';
  if (wasm === undefined) return 'gpu';
  const seconds = (engine: EngineClass, { threads }: { threads: number }) =>
    planJob(spec, dataset, { engine, threads }).estimatedSeconds;
  return seconds('wasm', wasm) - seconds('gpu', gpu) >= LEAST_GAIN_SECONDS ? 'gpu' : 'wasm';
}
