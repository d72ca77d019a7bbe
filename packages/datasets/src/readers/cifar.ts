import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { fileSize, isGzip } from '../io/file-bytes.js';
import type { RowChunk, RowSource } from './row-source.js';

/** CIFAR-10's binary batches: records of a label byte and 3×32×32 pixel bytes, the red plane first. */
const SHAPE = [3, 32, 32] as const;
const PIXELS = 3072;
const RECORD = 1 + PIXELS;
const CLASSES = 10;
const RECORDS_PER_CHUNK = 340;

/** Opens one batch file, gzip or not. */
export async function readCifarBatch(path: string, context: ReadContext): Promise<RowSource> {
  const rows = await countRecords(path);
  const reader = ByteReader.ofFile(path, context);
  return {
    name: path,
    dtype: 'u1',
    shape: SHAPE,
    rows,
    isLabelled: true,
    chunks: () => readRecords(reader),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

/** From the size of the file; unknown if it is packed. */
async function countRecords(path: string): Promise<number | undefined> {
  const bytes = await fileSize(path);
  if (await isGzip(path)) return undefined;
  if (bytes === 0) throw new DatasetError('empty', `${path} is empty`);
  return bytes % RECORD === 0 ? bytes / RECORD : refuseSize(path, bytes);
}

async function* readRecords(reader: ByteReader): AsyncGenerator<RowChunk> {
  const records = new Uint8Array(RECORDS_PER_CHUNK * RECORD);
  const values = new Uint8Array(RECORDS_PER_CHUNK * PIXELS);
  const labels = new Uint8Array(RECORDS_PER_CHUNK);
  for (let first = 0; ; first += RECORDS_PER_CHUNK) {
    const filled = await reader.fillUpTo(records);
    const rows = filled / RECORD;
    if (first === 0 && filled === 0) throw new DatasetError('empty', `${reader.name} is empty`);
    if (!Number.isInteger(rows)) refuseSize(reader.name, first * RECORD + filled);
    for (let i = 0; i < rows; i++) {
      const label = records[i * RECORD] ?? 0;
      if (label >= CLASSES) {
        throw new DatasetError(
          'bad-label',
          `${reader.name}: the label of record ${first + i} (from 0) is ${label}, not 0 to 9; this is no CIFAR-10 batch`,
        );
      }
      labels[i] = label;
      values.set(records.subarray(i * RECORD + 1, (i + 1) * RECORD), i * PIXELS);
    }
    if (rows > 0) yield { rows, values: values.subarray(0, rows * PIXELS), labels: labels.subarray(0, rows) };
    if (filled < records.byteLength) return;
  }
}

function refuseSize(name: string, bytes: number): never {
  throw new DatasetError(
    'mis-shaped',
    `${name} has ${bytes} bytes; CIFAR-10 batches are records of ${RECORD} bytes, a label and 3×32×32 pixels`,
  );
}
