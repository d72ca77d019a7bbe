import type { Result } from '@levy/contracts';
import type { LoadedDataset } from '@levy/datasets';
import type { Engine } from '@levy/kernels';
import type { ArtifactStore } from '../artifacts/artifact-store.js';
import { memoryArtifacts } from '../artifacts/file-artifacts.js';
import { measure } from '../measure.js';
import { MeasurementError } from '../measurement.js';
import { decodeRegion, type RegionFile } from '../region/region-file.js';
import { specFor } from './small-dataset.js';

export interface SmallMeasurement {
  readonly result: Result;
  /** As read back from region.npz. */
  readonly region: RegionFile;
}

/** Measures a job on a data set in memory, with artifacts of its own unless some are lent. */
export async function measureSmall(
  dataset: LoadedDataset,
  job: object,
  engine: Engine,
  artifacts: ArtifactStore = memoryArtifacts(),
): Promise<SmallMeasurement> {
  const context = { dataset, engine, artifacts, host: 'test' };
  const { result, files } = await measure(specFor(dataset, job), context);
  const file = files.find(({ name }) => name === 'region.npz');
  return { result, region: await decodeRegion(file?.bytes ?? new Uint8Array()) };
}

/** The same, or the MeasurementError that it is refused with. */
export async function measureOrRefuse(
  ...asked: Parameters<typeof measureSmall>
): Promise<SmallMeasurement | MeasurementError> {
  try {
    return await measureSmall(...asked);
  } catch (error) {
    if (error instanceof MeasurementError) return error;
    throw error;
  }
}
