import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { isNumberLike, NUMBER, readRecords } from './csv.js';
import { readNpyHeader } from './npy-source.js';
import { place, requireRows } from './row-source.js';

/** A table in float64, row-major. */
export interface NumberTable {
  /** What errors call it. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A gibibyte: tables are held in memory. */
const MAX_VALUES = 2 ** 27;

/** Reads a two-dimensional .npy array of <f4 or <f8, every number as it is. Disposes the reader. */
export async function readNpyTable(reader: ByteReader): Promise<NumberTable> {
  await using owned = reader;
  const { descr, shape } = await readNpyHeader(owned);
  const { rows, columns } = requireRows(shape, owned.name);
  if (shape.length !== 2) {
    throw new DatasetError(
      'mis-shaped',
      `${owned.name} has shape (${shape.join(', ')}); a table has two dimensions`,
    );
  }
  if (descr !== '<f4' && descr !== '<f8') {
    throw new DatasetError('unsupported', `${owned.name} holds ${descr}; <f4 and <f8 are read`);
  }
  const count = rows * columns;
  requireSize(count, owned.name);
  owned.context.budget.expect(count * (descr === '<f4' ? 4 : 8), owned.name);
  const stored = descr === '<f4' ? new Float32Array(count) : new Float64Array(count);
  await owned.fill(new Uint8Array(stored.buffer));
  await owned.expectEnd();
  const values = stored instanceof Float64Array ? stored : Float64Array.from(stored);
  return { name: owned.name, rows, columns, values };
}

/** Reads a CSV file (RFC 4180, UTF-8, gzip or not) of numbers; its first record may be a header. */
export async function readCsvTable(path: string, context: ReadContext): Promise<NumberTable> {
  await using reader = ByteReader.ofFile(path, context);
  const values: number[] = [];
  let columns: number | undefined;
  let rows = 0;
  for await (const record of readRecords(reader)) {
    if (columns === undefined) {
      columns = record.length;
      if (!record.every(isNumberLike)) continue;
    }
    if (record.length !== columns) {
      throw new DatasetError(
        'mis-shaped',
        `${path}: row ${rows} (from 0) has ${record.length} cells, the first has ${columns}`,
      );
    }
    for (const [column, cell] of record.entries()) values.push(numberOf(cell, path, columns, rows, column));
    rows++;
    requireSize(values.length, path);
  }
  if (columns === undefined || rows === 0) throw new DatasetError('empty', `${path} has no rows`);
  return { name: path, rows, columns, values: Float64Array.from(values) };
}

function numberOf(cell: string, path: string, columns: number, row: number, column: number): number {
  if (NUMBER.test(cell)) return Number(cell);
  const where = place(column, columns, row);
  const shown = JSON.stringify(cell.slice(0, 40));
  if (isNumberLike(cell)) {
    throw new DatasetError('not-finite', `${path}: ${shown} at ${where} is not finite`);
  }
  throw new DatasetError('not-a-number', `${path}: ${shown} at ${where} is no number`);
}

function requireSize(count: number, name: string): void {
  if (count <= MAX_VALUES) return;
  throw new DatasetError(
    'too-large',
    `${name} holds ${count} numbers; a table of at most ${MAX_VALUES} is read`,
  );
}
