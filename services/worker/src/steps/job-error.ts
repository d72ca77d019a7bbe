import { MeasurementError } from '@levy/concentration';
import type { ErrorKind, JobError } from '@levy/contracts';
import { CorruptBlobError, DatasetError } from '@levy/datasets';
import { EngineError } from '@levy/kernels';

/** Faults that may pass, or that another worker may not have. */
const RETRYABLE: readonly ErrorKind[] = ['infrastructure', 'device'];

/** Why a measurement failed, in the words of the job's `error`. */
export function jobErrorOf(error: unknown): JobError {
  const kind = kindOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  return { kind, detail: detail || kind, retryable: RETRYABLE.includes(kind) };
}

function kindOf(error: unknown): ErrorKind {
  if (error instanceof MeasurementError || error instanceof EngineError) return error.kind;
  // Bytes that are missing or damaged here may be whole elsewhere; anything else is wrong with the data set itself.
  if (error instanceof CorruptBlobError) return 'infrastructure';
  if (error instanceof DatasetError) return error.code === 'missing-bytes' ? 'infrastructure' : 'input';
  return isOutOfMemory(error) ? 'memory' : 'infrastructure';
}

/** V8 has no class for it: it throws RangeErrors that say so; a thread at its heap's limit has a code. */
function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return true;
  return (
    error instanceof RangeError &&
    /allocation failed|invalid (typed )?array( buffer)? length/i.test(error.message)
  );
}
