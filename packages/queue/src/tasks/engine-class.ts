import type { EngineClass, JobSpec } from '@levy/contracts';

/** The queue that a job waits in. `auto` means wasm, which every worker has, as long as nothing weighs the two. */
export function engineClassOf(spec: JobSpec): EngineClass {
  return spec.engine === 'gpu' ? 'gpu' : 'wasm';
}
