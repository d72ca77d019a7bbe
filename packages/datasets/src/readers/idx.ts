import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { type RowChunk, type RowSource, requireRows, rowsPerChunk } from './row-source.js';

/**
 * The IDX format of the MNIST files: two zero bytes, the type (8: bytes), the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the data.
 */
const BYTES_TYPE = 8;
const TYPE_NAMES = new Map([
  [9, 'signed bytes'],
  [11, '16-bit integers'],
  [12, '32-bit integers'],
  [13, 'float32'],
  [14, 'float64'],
]);
const MAX_LABELS = 2 ** 26;

/** Whether bytes begin as an IDX file does. */
export function isIdx(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] !== undefined && bytes[2] >= 8 && (bytes[3] ?? 0) > 0;
}

/** Opens an IDX file of images, or of any rows of bytes. The file is gzip or not. */
export async function readIdxImages(path: string, context: ReadContext): Promise<RowSource> {
  const reader = ByteReader.ofFile(path, context);
  try {
    const dimensions = await readDimensions(reader);
    const { rows, shape, columns } = requireRows(dimensions, path);
    context.budget.expect(rows * columns, path);
    return {
      name: path,
      dtype: 'u1',
      shape,
      rows,
      isLabelled: false,
      chunks: () => readRows(reader, rows, columns),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/** Reads an IDX file of labels, one byte each. */
export async function readIdxLabels(path: string, context: ReadContext): Promise<Uint8Array> {
  await using reader = ByteReader.ofFile(path, context);
  const dimensions = await readDimensions(reader);
  const [count = 0] = dimensions;
  if (dimensions.length !== 1) {
    throw new DatasetError('mis-shaped', `${path} has ${dimensions.length} dimensions; labels have one`);
  }
  if (count > MAX_LABELS)
    throw new DatasetError('too-large', `${path} claims ${count} labels; at most ${MAX_LABELS}`);
  const labels = await reader.read(count);
  await reader.expectEnd();
  return labels;
}

async function readDimensions(reader: ByteReader): Promise<number[]> {
  const [zero, alsoZero, type = 0, count = 0] = await reader.read(4);
  if (zero !== 0 || alsoZero !== 0 || count === 0) {
    throw new DatasetError(
      'corrupt',
      `${reader.name} is no IDX file: it does not begin with 0 0, a type and dimensions`,
    );
  }
  if (type !== BYTES_TYPE) {
    const what = TYPE_NAMES.get(type) ?? `type ${type}`;
    throw new DatasetError(
      'unsupported',
      `${reader.name} holds ${what}; IDX files of bytes (type 8) are read`,
    );
  }
  const field = await reader.read(4 * count);
  const view = new DataView(field.buffer);
  return Array.from({ length: count }, (_, i) => view.getUint32(4 * i));
}

async function* readRows(reader: ByteReader, rows: number, columns: number): AsyncGenerator<RowChunk> {
  const step = rowsPerChunk(columns, 1);
  const buffer = new Uint8Array(Math.min(step, rows) * columns);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const values = buffer.subarray(0, count * columns);
    await reader.fill(values);
    yield { rows: count, values };
  }
  await reader.expectEnd();
}
