import type { ErrorKind, JobProgress, Result } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import type { Engine } from '@levy/kernels';
import type { ArtifactStore } from './artifacts/artifact-store.js';
import type { Sweep } from './sweep.js';

/** What a measurement answers: the whole estimate, and the files that its `artifacts` list names. */
export interface Measurement {
  readonly result: Result;
  readonly files: readonly MeasuredFile[];
}

export interface MeasuredFile {
  readonly name: 'region.npz' | 'epsilon-curve.csv' | 'search-trace.csv';
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What a measurement needs around it. */
export interface MeasurementContext {
  readonly dataset: LoadedDataset;
  readonly engine: Engine;
  readonly artifacts: ArtifactStore;
  /** Name of this machine, for the provenance. */
  readonly host: string;
  /** The sweep that the job is one of: it may compute what others of them need, and find what they have. */
  readonly sweep?: Sweep | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called at every change; the fraction never falls. */
  readonly onProgress?: ((progress: MeasurementProgress) => void) | undefined;
}

export type MeasurementProgress = Omit<JobProgress, 'updatedAt'>;

/** A measurement that cannot be finished, told in the words of the job's `error`. */
export class MeasurementError extends Error {
  override readonly name = 'MeasurementError';
  constructor(
    readonly kind: ErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
