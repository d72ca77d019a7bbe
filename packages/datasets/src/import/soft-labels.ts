import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { type NumberTable, readCsvTable, readNpyTable } from '../readers/number-table.js';
import { place, type RowChunk, type RowSource } from '../readers/row-source.js';
import { detectFormat } from './file-format.js';

/** How far from 1 the sum of a row may be, to nine decimals: thirds printed with three of them still fit. */
const SUM_TOLERANCE = 1e-3;

/** Reads soft labels from an .npy file (<f4 or <f8) or a CSV file, a row of class probabilities for every row. */
export async function readSoftLabels(path: string, context: ReadContext): Promise<NumberTable> {
  const format = await detectFormat(path, { budget: context.budget, signal: context.signal });
  if (format === 'npy') return checked(await readNpyTable(ByteReader.ofFile(path, context)));
  if (format === 'csv') return checked(await readCsvTable(path, context));
  throw new DatasetError('unsupported', `${path}: soft labels are read from .npy and .csv files`);
}

/** As `readSoftLabels`, from an .npy stream, which it disposes. */
export async function readNpySoftLabels(reader: ByteReader): Promise<NumberTable> {
  return checked(await readNpyTable(reader));
}

/** Soft labels handed out row by row to the sources that they belong to. */
export class SoftLabelQueue {
  #taken = 0;

  constructor(private readonly table: NumberTable) {}

  take(rows: number): Float64Array {
    const { name, columns, values } = this.table;
    const start = this.#taken;
    this.#taken += rows;
    if (this.#taken > this.table.rows) {
      throw new DatasetError(
        'mis-shaped',
        `${name} has soft labels for ${this.table.rows} rows, fewer than there are`,
      );
    }
    return values.subarray(start * columns, this.#taken * columns);
  }

  expectEnd(): void {
    if (this.#taken === this.table.rows) return;
    throw new DatasetError(
      'mis-shaped',
      `${this.table.name} has soft labels for ${this.table.rows} rows, but there are ${this.#taken}`,
    );
  }
}

/** The source with soft labels from a queue; the caller still checks the queue's end. */
export function withSoftLabels(source: RowSource, queue: SoftLabelQueue): RowSource {
  async function* chunks(): AsyncGenerator<RowChunk> {
    for await (const chunk of source.chunks()) yield { ...chunk, softLabels: queue.take(chunk.rows) };
  }
  return { ...source, chunks, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

/** Refuses labels that the soft labels have no class for. @param labels one byte a row of the split. */
export function requireClasses(labels: Uint8Array, classes: number, split: 'train' | 'test'): void {
  const row = labels.findIndex((label) => label >= classes);
  if (row < 0) return;
  throw new DatasetError(
    'bad-label',
    `the label of row ${row} (from 0) of ${split} is ${labels[row]}, but the soft labels have ${classes} classes: 0 to ${classes - 1}`,
  );
}

/** Every number finite and ≥ 0, every row summing to 1, at least two classes. */
function checked(table: NumberTable): NumberTable {
  const { name, rows, columns, values } = table;
  if (columns < 2) {
    throw new DatasetError(
      'mis-shaped',
      `${name} has ${columns} column; soft labels have one for each class, at least 2`,
    );
  }
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? Number.NaN;
      if (!Number.isFinite(value)) refuse('not-finite', table, row, column, 'is not a finite number');
      if (value < 0) refuse('out-of-range', table, row, column, 'is below 0; a soft label is a probability');
      sum += value;
    }
    if (Math.round(Math.abs(sum - 1) * 1e9) > SUM_TOLERANCE * 1e9) {
      throw new DatasetError(
        'out-of-range',
        `${name}: row ${row} (from 0) sums to ${Number(sum.toPrecision(9))}; probabilities sum to 1, give or take ${SUM_TOLERANCE}`,
      );
    }
  }
  return table;
}

function refuse(
  code: 'not-finite' | 'out-of-range',
  { name, columns, values }: NumberTable,
  row: number,
  column: number,
  why: string,
): never {
  const index = row * columns + column;
  throw new DatasetError(code, `${name}: ${values[index]} at ${place(index, columns, 0)} ${why}`);
}
