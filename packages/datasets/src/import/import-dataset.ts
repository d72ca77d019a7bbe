import { basename } from 'node:path';
import type { Dataset } from '@levy/contracts';
import { datasetDigest } from '../dataset-digest.js';
import { DatasetError } from '../dataset-error.js';
import { ByteBudget } from '../io/byte-budget.js';
import { fileSize } from '../io/file-bytes.js';
import { place, type RowChunk, type RowSource } from '../readers/row-source.js';
import { columnsOf, DisposableList, type SplitContent } from '../store/dataset-parts.js';
import type { AddedDataset, DatasetStore } from '../store/dataset-store.js';
import { findLayout } from './input-layout.js';
import { LabelCodes } from './labels.js';
import { type OpenedInput, openInput, pathsOf, rowPathsOf, softPathsOf } from './open-input.js';
import { sourceOfKnown } from './originals.js';
import { requireClasses, type SoftLabelQueue, withSoftLabels } from './soft-labels.js';
import { SplitSink } from './split-sink.js';
import { spool } from './spool.js';
import { chooseTestRows, type TestRule } from './test-rows.js';

const BYTE_SCALE = 255;

export interface ImportOptions {
  /** What to call it. `mnist`, `fashion-mnist` and `cifar-10` are imported from their original files only. */
  readonly name: string;
  /** Files, or the folder of the original files of MNIST, Fashion-MNIST or CIFAR-10. Rows come in this order. */
  readonly from: readonly string[];
  /** A file of test rows. At most one of `test`, `testFraction` and `testLast`, where the files have none. */
  readonly test?: string | undefined;
  /** Draws floor(fraction·rows) test rows by a shuffle that depends on the number of rows alone. */
  readonly testFraction?: number | undefined;
  /** The last rows become the test rows. */
  readonly testLast?: number | undefined;
  /**
   * CSV: the column of the labels, by its name in the header or its position from 0 (from the end: −1).
   * Otherwise a file with a label for every row of `from`, then of `test`: .idx, .npy or text, one a line.
   */
  readonly labels?: string | undefined;
  /** As `labels`, but never a file: for those who may not name files of this machine. */
  readonly labelColumn?: string | undefined;
  /** A file of class probabilities for every row of `from`: .npy (<f4, <f8) or .csv. An .npz has its own. */
  readonly softLabels?: string | undefined;
  /** The same for the rows that the files set apart as test rows, where there are any. */
  readonly softLabelsTest?: string | undefined;
  /** Declares [low, high], which every value must lie in. Bytes always stand for 0…1. */
  readonly range?: readonly [number, number] | undefined;
  /** Where the data is from, with its terms; by default the names of the files. */
  readonly source?: string | undefined;
  /** At most this many bytes once unpacked; 8 GiB by default. */
  readonly maxBytes?: number | undefined;
  /** Called with the bytes of the files read so far and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads files into the store as one data set, streaming: a few megabytes of memory whatever their size. Bytes stay
 * bytes, standing for v/255 in the declared range 0…1; floats become float32.
 * All or nothing: after a fault or an abort the store is as it was.
 * @throws DatasetError for input that is refused, the signal's reason if it is aborted.
 */
export async function importDataset(store: DatasetStore, options: ImportOptions): Promise<AddedDataset> {
  store.checkName(options.name);
  const rule = testRuleOf(options);
  const layout = await findLayout(options.name, options.from);
  await using stack = new DisposableList();
  const context = {
    budget: new ByteBudget(options.maxBytes),
    signal: options.signal,
    onBytes: await progressCounter(pathsOf(layout, options), options.onProgress),
  };
  const input = await openInput(layout, options, context, stack);
  const kind = requireSameKind([...input.train, ...input.test]);
  const range = declaredRange(kind.dtype, options.range);
  const columns = columnsOf(kind.shape);
  const codes = new LabelCodes();
  const train = new SplitSink(stack.use(await store.blobs.writer()), columns, codes);
  const test = new SplitSink(stack.use(await store.blobs.writer()), columns, codes);
  if (input.test.length > 0) {
    if (rule !== undefined) {
      throw new DatasetError(
        'bad-option',
        'these files set test rows apart; leave out the test fraction or number',
        { option: 'last' in rule ? 'testLast' : 'testFraction' },
      );
    }
    await drain(softly(input.train, input.softLabels.train), range, (chunk) => train.write(chunk));
    await drain(softly(input.test, input.softLabels.test), range, (chunk) => test.write(chunk));
  } else {
    const sources = softly(await known(input.train, store, stack), input.softLabels.train);
    await splitRows(sources, rule ?? refuseNoTest(), range, train, test);
  }
  for (const queue of input.queues) queue.expectEnd();
  options.signal?.throwIfAborted();
  const labels = kind.isLabelled ? codes.finish() : undefined;
  const meta = {
    name: options.name,
    dtype: kind.dtype,
    scale: kind.dtype === 'u1' ? BYTE_SCALE : 1,
    shape: kind.shape,
    valueRange: range,
    classes: labels?.classes,
  };
  const splits = { train: await train.describe(), test: await test.describe() };
  const digest = datasetDigest({ ...meta, columns, splits });
  const names = (paths: readonly string[]) => paths.map((path) => basename(path)).join(', ');
  const rowSource = sourceOfKnown(digest) ?? `Imported from ${names(rowPathsOf(layout, options))}`;
  const softFiles = names(softPathsOf(options));
  const source =
    options.source ?? (softFiles === '' ? rowSource : `${rowSource}; soft labels from ${softFiles}`);
  const parts = { train: train.content(labels), test: test.content(labels) };
  requireFittingLabels(parts);
  return await store.add(parts, { ...meta, source });
}

/** Labels are rows' classes among those of the soft labels, where there are both. */
function requireFittingLabels({ train, test }: { train: SplitContent; test: SplitContent }): void {
  if (train.softLabels === undefined || train.labels === undefined) return;
  const classes = train.softLabels.length / train.labels.length;
  requireClasses(train.labels, classes, 'train');
  if (test.labels !== undefined) requireClasses(test.labels, classes, 'test');
}

function softly(sources: readonly RowSource[], queue: SoftLabelQueue | undefined): readonly RowSource[] {
  return queue === undefined ? sources : sources.map((source) => withSoftLabels(source, queue));
}

function testRuleOf({ test, testFraction, testLast }: ImportOptions): TestRule | undefined {
  const given = [test, testFraction, testLast].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw new DatasetError('bad-option', 'give one of: a test file, a test fraction, a number of last rows');
  }
  if (testFraction !== undefined) return { fraction: testFraction };
  return testLast === undefined ? undefined : { last: testLast };
}

function refuseNoTest(): never {
  throw new DatasetError(
    'no-test-rows',
    'nothing says which rows are test rows: give a test file (--test), a fraction (--test-fraction) or a number of ' +
      'last rows (--test-last)',
  );
}

async function progressCounter(
  paths: readonly string[],
  onProgress: ImportOptions['onProgress'],
): Promise<((bytes: number) => void) | undefined> {
  let total = 0;
  for (const path of paths) total += await fileSize(path);
  if (onProgress === undefined) return undefined;
  let done = 0;
  return (bytes) => {
    done = Math.min(total, done + bytes);
    onProgress(Math.floor(done), total);
  };
}

/** Sources of one import must agree. */
function requireSameKind(sources: readonly RowSource[]): Pick<RowSource, 'dtype' | 'shape' | 'isLabelled'> {
  const [first, ...others] = sources;
  if (first === undefined) throw new DatasetError('bad-option', 'say which files to import');
  for (const other of others) {
    if (other.dtype !== first.dtype) {
      throw new DatasetError(
        'mis-shaped',
        `${first.name} holds ${first.dtype}, ${other.name} ${other.dtype}`,
      );
    }
    if (other.shape.join() !== first.shape.join()) {
      throw new DatasetError(
        'mis-shaped',
        `the rows of ${first.name} have shape (${first.shape.join(', ')}), those of ${other.name} (${other.shape.join(', ')})`,
      );
    }
    if (
      first.header !== undefined &&
      other.header !== undefined &&
      first.header.join() !== other.header.join()
    ) {
      throw new DatasetError(
        'mis-shaped',
        `${first.name} and ${other.name} do not have the same columns in the same order`,
      );
    }
  }
  return first;
}

/** Floats are compared as float32, and so their range is declared in float32 too: 0.1 lies within 0…0.1. */
function declaredRange(
  dtype: Dataset['dtype'],
  range: readonly [number, number] | undefined,
): Dataset['valueRange'] {
  if (range === undefined) return dtype === 'u1' ? { low: 0, high: 1 } : undefined;
  const [low, high] = range;
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new DatasetError('bad-option', `${low},${high} is no range: two finite numbers, the lower first`, {
      option: 'range',
    });
  }
  if (dtype === 'f4') return { low: Math.fround(low), high: Math.fround(high) };
  if (low === 0 && high === 1) return { low, high };
  throw new DatasetError(
    'bad-option',
    `the range ${low},${high} does not fit bytes, which stand for byte/255 and so lie in 0,1; leave it out`,
    { option: 'range' },
  );
}

/** Passes on every chunk of the sources, in order, once its values are known to lie in the range. */
async function drain(
  sources: readonly RowSource[],
  range: Dataset['valueRange'],
  take: (chunk: RowChunk) => Promise<void>,
): Promise<void> {
  for (const source of sources) {
    let row = 0;
    for await (const chunk of source.chunks()) {
      if (range !== undefined && chunk.values instanceof Float32Array) {
        requireInRange(chunk.values, range, row, source);
      }
      await take(chunk);
      row += chunk.rows;
    }
  }
}

function requireInRange(
  values: Float32Array,
  { low, high }: NonNullable<Dataset['valueRange']>,
  firstRow: number,
  { name, shape, labelColumn }: RowSource,
): void {
  const index = values.findIndex((value) => value < low || value > high);
  if (index < 0) return;
  const columns = columnsOf(shape);
  const where =
    labelColumn === undefined
      ? place(index, columns, firstRow)
      : place(fileIndex(index, columns, labelColumn), columns + 1, firstRow);
  throw new DatasetError(
    'out-of-range',
    `${name}: ${values[index]} at ${where} is outside the declared range ${low}…${high}`,
  );
}

/** Where a value stands in a file that has a label column among its columns. */
function fileIndex(index: number, columns: number, labelColumn: number): number {
  const row = Math.floor(index / columns);
  const column = index % columns;
  return row * (columns + 1) + column + (column >= labelColumn ? 1 : 0);
}

async function known(
  sources: OpenedInput['train'],
  store: DatasetStore,
  stack: DisposableList,
): Promise<RowSource[]> {
  const counted: RowSource[] = [];
  for (const source of sources) {
    const isKnown = source.rows !== undefined;
    counted.push(isKnown ? source : stack.use(await spool(source, store.blobs.tempFolder)));
  }
  return counted;
}

async function splitRows(
  sources: readonly RowSource[],
  rule: TestRule,
  range: Dataset['valueRange'],
  train: SplitSink,
  test: SplitSink,
): Promise<void> {
  const isTest = chooseTestRows(
    sources.reduce((sum, source) => sum + (source.rows ?? 0), 0),
    rule,
  );
  let first = 0;
  await drain(sources, range, async (chunk) => {
    for (let start = 0; start < chunk.rows; ) {
      const side = isTest[first + start];
      let end = start + 1;
      while (end < chunk.rows && isTest[first + end] === side) end++;
      await (side === 1 ? test : train).write(chunk, start, end);
      start = end;
    }
    first += chunk.rows;
  });
}
