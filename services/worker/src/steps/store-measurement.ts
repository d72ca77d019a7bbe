import type { Measurement } from '@levy/concentration';
import type { ResultArtifact } from '@levy/contracts';
import type { BlobStore } from '@levy/datasets';
import type { StoredMeasurement } from './messages.js';

/**
 * Puts a measurement's files and its whole result into the blob store. They are addressed by their digests: stored
 * twice, they are there once, and until the job's record names them nobody sees them.
 */
export async function storeMeasurement(
  blobs: BlobStore,
  measurement: Measurement,
): Promise<StoredMeasurement> {
  const artifacts: ResultArtifact[] = [];
  for (const { name, mediaType, bytes } of measurement.files) {
    artifacts.push({ name, mediaType, ...(await blobs.put(bytes)) });
  }
  const {
    warnings,
    searchTrace: _trace,
    epsilonCurve: _curve,
    artifacts: _files,
    ...estimate
  } = measurement.result;
  const text = new TextEncoder().encode(JSON.stringify(measurement.result));
  const result = { name: 'result.json', mediaType: 'application/json', ...(await blobs.put(text)) };
  return { estimate, warnings, result, artifacts };
}
