export { type DigestedDataset, datasetDigest } from './dataset-digest.js';
export { DatasetError, type DatasetErrorCode } from './dataset-error.js';
export { DIGITS_NAME } from './digits/digits.js';
export type { DatasetLabels, LoadedDataset, Matrix } from './matrix.js';
export { BlobStore, type ByteRange, CorruptBlobError } from './store/blob-store.js';
export { BlobWriter } from './store/blob-writer.js';
export type { DatasetMeta, DatasetParts, SplitContent } from './store/dataset-parts.js';
export { type AddedDataset, DatasetStore } from './store/dataset-store.js';
