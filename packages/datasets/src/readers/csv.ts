import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { messageOf } from '../io/system-error.js';
import { LARGEST, place, type RowChunk, type RowSource, requireRows, rowsPerChunk } from './row-source.js';

const MAX_RECORD_BYTES = 64 << 20;
/** A number in decimal notation. */
export const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;

/**
 * Opens a CSV file (RFC 4180, UTF-8, gzip or not) as float32 rows. The first record is a header if one of its
 * cells, the label's aside, is no number.
 * @param labelColumn the column that holds the label, not a coordinate: its name in the header, or its position
 * from 0, or from the end as −1.
 */
export async function readCsv(
  path: string,
  context: ReadContext,
  labelColumn?: string | undefined,
): Promise<RowSource> {
  const reader = ByteReader.ofFile(path, context);
  const records = readRecords(reader);
  const dispose = async (): Promise<void> => {
    await records.return(undefined);
    await reader[Symbol.asyncDispose]();
  };
  try {
    const first = await records.next();
    if (first.done === true) throw new DatasetError('empty', `${path} has no rows`);
    const label = labelColumn === undefined ? undefined : findColumn(first.value, labelColumn, path);
    const isHeader = first.value.some((cell, column) => column !== label && !isNumberLike(cell));
    const table = { name: path, cells: first.value.length, label };
    const columns = table.cells - (label === undefined ? 0 : 1);
    requireRows([1, columns], path);
    return {
      name: path,
      dtype: 'f4',
      shape: [columns],
      isLabelled: label !== undefined,
      labelColumn: label,
      header: isHeader ? first.value : undefined,
      chunks: () => toChunks(isHeader ? records : prepend(first.value, records), table),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Whether `column` can only mean a column of this CSV: it is a position, or the header has it. */
export async function hasCsvColumn(path: string, column: string, context: ReadContext): Promise<boolean> {
  if (/^-?\d+$/.test(column)) return true;
  await using reader = ByteReader.ofFile(path, context);
  const records = readRecords(reader);
  const first = await records.next();
  await records.return(undefined);
  return first.done !== true && first.value.includes(column);
}

/** Reads labels from a text file, one a line. */
export async function readLabelLines(path: string, context: ReadContext): Promise<string[]> {
  await using reader = ByteReader.ofFile(path, context);
  const labels: string[] = [];
  for await (const record of readRecords(reader)) {
    const [label = ''] = record;
    if (record.length > 1) {
      throw new DatasetError('mis-shaped', `${path} has ${record.length} columns; a file of labels has one`);
    }
    labels.push(label);
  }
  return labels;
}

interface Table {
  readonly name: string;
  /** Cells in every record, the label included. */
  readonly cells: number;
  readonly label: number | undefined;
}

async function* toChunks(records: AsyncIterable<string[]>, table: Table): AsyncGenerator<RowChunk> {
  const columns = table.cells - (table.label === undefined ? 0 : 1);
  const step = rowsPerChunk(columns, 4);
  let values = new Float32Array(step * columns);
  let labels: string[] = [];
  let row = 0;
  let held = 0;
  const chunk = (): RowChunk => ({
    rows: held,
    values: values.subarray(0, held * columns),
    ...(table.label === undefined ? {} : { labels }),
  });
  for await (const record of records) {
    fillRow(record, table, row, values.subarray(held * columns, (held + 1) * columns));
    if (table.label !== undefined) labels.push(record[table.label] ?? '');
    row++;
    held++;
    if (held < step) continue;
    yield chunk();
    values = new Float32Array(step * columns);
    labels = [];
    held = 0;
  }
  if (row === 0) throw new DatasetError('empty', `${table.name} has a header and no rows`);
  if (held > 0) yield chunk();
}

function fillRow(record: string[], { name, cells, label }: Table, row: number, target: Float32Array): void {
  if (record.length !== cells) {
    throw new DatasetError(
      'mis-shaped',
      `${name}: row ${row} (from 0) has ${record.length} cells, the first has ${cells}`,
    );
  }
  let coordinate = 0;
  for (let column = 0; column < cells; column++) {
    if (column === label) continue;
    const cell = record[column] ?? '';
    if (!NUMBER.test(cell)) {
      const code = NOT_FINITE.test(cell) ? 'not-finite' : 'not-a-number';
      const shown = JSON.stringify(cell.slice(0, 40));
      const where = place(column, cells, row);
      throw new DatasetError(
        code,
        `${name}: ${shown} at ${where} is ${code === 'not-finite' ? 'not finite' : 'no number'}`,
      );
    }
    const value = Math.fround(Number(cell));
    if (Math.abs(value) > LARGEST) {
      throw new DatasetError(
        'not-finite',
        `${name}: ${cell} at ${place(column, cells, row)} is larger than ${LARGEST} in size; rescale the data`,
      );
    }
    target[coordinate++] = value;
  }
}

function findColumn(first: string[], wanted: string, path: string): number {
  const byName = first.indexOf(wanted);
  if (byName >= 0 && !NUMBER.test(wanted)) return byName;
  const position = /^-?\d+$/.test(wanted) ? Number(wanted) : Number.NaN;
  const column = position < 0 ? first.length + position : position;
  if (column >= 0 && column < first.length) return column;
  throw new DatasetError(
    'bad-option',
    `${path} has no column ${JSON.stringify(wanted)}: it has ${first.length} columns, beginning with ` +
      `${first.slice(0, 8).join(', ')}`,
    { option: 'labels' },
  );
}

/** A number, or a word for one that is not finite. */
export function isNumberLike(cell: string): boolean {
  return NUMBER.test(cell) || NOT_FINITE.test(cell);
}

/** The records of a CSV file, as texts. */
export async function* readRecords(reader: ByteReader): AsyncGenerator<string[]> {
  const source = Readable.from(reader.rest(), { highWaterMark: 1 });
  const parser = parse({
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const record of parser) {
      if (isTexts(record)) yield record;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DatasetError('corrupt', `${reader.name} is no CSV file: ${messageOf(error)}`, { cause: error });
  } finally {
    source.destroy();
    parser.destroy();
  }
}

async function* prepend(first: string[], rest: AsyncIterable<string[]>): AsyncGenerator<string[]> {
  yield first;
  yield* rest;
}

function isTexts(record: unknown): record is string[] {
  return Array.isArray(record) && record.every((cell) => typeof cell === 'string');
}
