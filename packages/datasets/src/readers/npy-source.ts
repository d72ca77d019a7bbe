import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import {
  NPY_PREAMBLE_BYTES,
  type NpyHeader,
  npyHeaderLength,
  npyLengthBytes,
  parseNpyHeader,
} from '../npy/npy-header.js';
import { type RowChunk, type RowSource, requireFinite, requireRows, rowsPerChunk } from './row-source.js';

const MAX_LABELS = 2 ** 26;

/** Opens an .npy file of rows: |u1 stays bytes, <f4 and <f8 become float32. C order. */
export async function readNpyRows(path: string, context: ReadContext): Promise<RowSource> {
  return openNpyRows(ByteReader.ofFile(path, context));
}

/** As `readNpyRows`, from a stream; the source owns the reader. */
export async function openNpyRows(reader: ByteReader): Promise<RowSource> {
  try {
    const { descr, shape: whole } = await readNpyHeader(reader);
    const { rows, shape, columns } = requireRows(whole, reader.name);
    const read = ROW_READERS.get(descr);
    if (read === undefined) {
      throw new DatasetError('unsupported', `${reader.name} holds ${descr}; |u1, <f4 and <f8 are read`);
    }
    reader.context.budget.expect(rows * columns * read.itemBytes, reader.name);
    return {
      name: reader.name,
      dtype: read.dtype,
      shape,
      rows,
      isLabelled: false,
      chunks: () => read.chunks(reader, rows, columns),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/** Reads a one-dimensional .npy array of whole numbers as labels. Disposes the reader. */
export async function readNpyLabels(reader: ByteReader): Promise<string[]> {
  await using owned = reader;
  const { descr, shape } = await readNpyHeader(owned);
  const [count = 0, ...rest] = shape;
  // Keras stores CIFAR's labels as a column.
  if (shape.length === 0 || rest.some((n) => n !== 1)) {
    throw new DatasetError(
      'mis-shaped',
      `${owned.name} has shape (${shape.join(', ')}); labels have one dimension`,
    );
  }
  if (count > MAX_LABELS) {
    throw new DatasetError(
      'too-large',
      `${owned.name} claims ${count} labels; at most ${MAX_LABELS} are read`,
    );
  }
  const labels = await readWholeNumbers(owned, descr, count);
  await owned.expectEnd();
  return labels;
}

/** Reads the header, errors naming the stream. */
export async function readNpyHeader(reader: ByteReader): Promise<NpyHeader> {
  try {
    const lengthBytes = npyLengthBytes(await reader.read(NPY_PREAMBLE_BYTES));
    const length = npyHeaderLength(await reader.read(lengthBytes));
    return parseNpyHeader(await reader.read(length));
  } catch (error) {
    if (!(error instanceof DatasetError) || error.detail.startsWith(reader.name)) throw error;
    throw new DatasetError(error.code, `${reader.name}: ${error.detail}`, { cause: error });
  }
}

interface RowReader {
  readonly dtype: 'u1' | 'f4';
  readonly itemBytes: number;
  chunks(reader: ByteReader, rows: number, columns: number): AsyncGenerator<RowChunk>;
}

const ROW_READERS: ReadonlyMap<string, RowReader> = new Map<string, RowReader>([
  ['|u1', { dtype: 'u1', itemBytes: 1, chunks: readBytes }],
  ['<f4', { dtype: 'f4', itemBytes: 4, chunks: (...from) => readFloats(Float32Array, ...from) }],
  ['<f8', { dtype: 'f4', itemBytes: 8, chunks: (...from) => readFloats(Float64Array, ...from) }],
]);

async function* readBytes(reader: ByteReader, rows: number, columns: number): AsyncGenerator<RowChunk> {
  const step = rowsPerChunk(columns, 1);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    yield { rows: count, values: await reader.read(count * columns) };
  }
  await reader.expectEnd();
}

async function* readFloats(
  Floats: typeof Float32Array | typeof Float64Array,
  reader: ByteReader,
  rows: number,
  columns: number,
): AsyncGenerator<RowChunk> {
  const step = rowsPerChunk(columns, Floats.BYTES_PER_ELEMENT);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const values = new Floats(count * columns);
    await reader.fill(new Uint8Array(values.buffer));
    requireFinite(values, columns, row, reader.name);
    yield { rows: count, values: values instanceof Float32Array ? values : Float32Array.from(values) };
  }
  await reader.expectEnd();
}

async function readWholeNumbers(reader: ByteReader, descr: string, count: number): Promise<string[]> {
  switch (descr) {
    case '|u1':
      return Array.from(await reader.read(count), String);
    case '<i4':
      return Array.from(new Int32Array((await reader.read(4 * count)).buffer), String);
    case '<i8':
      return Array.from(new BigInt64Array((await reader.read(8 * count)).buffer), String);
    default:
      throw new DatasetError(
        'unsupported',
        `${reader.name} holds ${descr}; labels are read from |u1, <i4 and <i8`,
      );
  }
}
