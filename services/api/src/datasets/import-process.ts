import {
  type AddedDataset,
  DatasetError,
  DatasetStore,
  importDataset,
  syntheticGaussian,
} from '@levy/datasets';
import { type ImportOrder, type ImportOutcome, parseOrder } from './import-messages.js';

/**
 * The process that makes one data set: reads what strangers sent, or draws. What it may take of memory is bounded
 * by its flags, what it takes of time by its parent, which kills it; so neither can hold up or end the API.
 */
process.once('message', (order) => {
  void carryOut(order).then((outcome) => process.send?.(outcome, () => process.disconnect()));
});
// The one who started us is gone, and nobody waits for this data set.
process.once('disconnect', () => process.exit());

async function carryOut(value: unknown): Promise<ImportOutcome> {
  try {
    const { dataset, created } = await add(parseOrder(value));
    return { type: 'added', dataset, created };
  } catch (error) {
    if (error instanceof DatasetError) {
      const { code, detail, option } = error;
      return { type: 'refused', code, detail, ...(option === undefined ? {} : { option }) };
    }
    const system: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    return {
      type: 'failed',
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      ...(typeof system === 'string' ? { system } : {}),
    };
  }
}

async function add({ dataDir, tempFolder, work }: ImportOrder): Promise<AddedDataset> {
  const store = await DatasetStore.open(dataDir, tempFolder);
  return work.kind === 'import' ? importDataset(store, work.options) : syntheticGaussian(store, work.options);
}
