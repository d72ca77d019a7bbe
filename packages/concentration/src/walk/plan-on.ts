import type { EngineClass, JobSpec } from '@levy/contracts';
import type { EngineInfo } from '@levy/kernels';
import { type Plan, planJob } from '@levy/plan';
import type { MeasurementContext } from '../measurement.js';

/** The plan of a job where it is to be measured. */
export function planOn(spec: JobSpec, { engine, dataset }: MeasurementContext): Plan {
  const { info } = engine;
  return planJob(spec, dataset.dataset, { engine: engineClassOf(info), threads: info.threads });
}

/** The class of queue and artifacts that an engine belongs to; the reference engine stands in for wasm. */
export function engineClassOf(info: EngineInfo): EngineClass {
  return info.engine === 'gpu' ? 'gpu' : 'wasm';
}
