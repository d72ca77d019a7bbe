import { MeasurementError } from '@levy/concentration';
import type { JobSpec } from '@levy/contracts';
import type { DatasetStore, LoadedDataset } from '@levy/datasets';

/**
 * The data set that a job was submitted for: the one loaded before if it is the same, else read from the store.
 * Throws MeasurementError 'input' if the store has none of that name now, or another one.
 */
export async function loadDataset(
  store: DatasetStore,
  { dataset: name, datasetDigest }: JobSpec,
  before: LoadedDataset | undefined,
): Promise<LoadedDataset> {
  const dataset = await store.get(name);
  if (dataset === undefined) {
    throw new MeasurementError(
      'input',
      `the data set "${name}" is not in the store any more; import it again`,
    );
  }
  if (dataset.digest !== datasetDigest) {
    throw new MeasurementError(
      'input',
      `the job was submitted for "${name}" with digest ${datasetDigest}, but the store now holds ${dataset.digest}; submit it again`,
    );
  }
  return before?.dataset.id === name && before.dataset.digest === datasetDigest
    ? before
    : store.load(dataset);
}
