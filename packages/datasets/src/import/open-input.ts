import { DatasetError } from '../dataset-error.js';
import type { ReadContext } from '../io/byte-reader.js';
import { ByteReader } from '../io/byte-reader.js';
import { fileSize } from '../io/file-bytes.js';
import { readCifarBatch } from '../readers/cifar.js';
import { hasCsvColumn, readCsv, readLabelLines } from '../readers/csv.js';
import { readIdxImages, readIdxLabels } from '../readers/idx.js';
import { readNpyLabels, readNpyRows } from '../readers/npy-source.js';
import { NpzFile } from '../readers/npz-source.js';
import type { Labels, RowSource } from '../readers/row-source.js';
import type { DisposableList } from '../store/dataset-parts.js';
import { detectFormat, type FileFormat } from './file-format.js';
import type { InputLayout } from './input-layout.js';
import { LabelQueue, withLabels } from './labels.js';
import { readNpySoftLabels, readSoftLabels, SoftLabelQueue } from './soft-labels.js';

/** The sources of an import, their headers read. */
export interface OpenedInput {
  readonly train: readonly RowSource[];
  /** Empty if the files set no test rows apart. */
  readonly test: readonly RowSource[];
  /** Labels that must have been used up at the end. */
  readonly queues: readonly (LabelQueue | SoftLabelQueue)[];
  /** Soft labels of the rows of `train`, and of `test`; they stand in `queues` too. */
  readonly softLabels: { readonly train?: SoftLabelQueue; readonly test?: SoftLabelQueue };
}

/** Without soft labels. */
type HardInput = Omit<OpenedInput, 'softLabels'>;

export interface InputOptions {
  readonly test?: string | undefined;
  readonly labels?: string | undefined;
  readonly labelColumn?: string | undefined;
  readonly softLabels?: string | undefined;
  readonly softLabelsTest?: string | undefined;
}

/** The files that will be read, for the progress. */
export function pathsOf(layout: InputLayout, options: InputOptions): string[] {
  return [...rowPathsOf(layout, options), ...softPathsOf(options)];
}

/** The files of soft labels. */
export function softPathsOf({ softLabels, softLabelsTest }: InputOptions): string[] {
  return [softLabels, softLabelsTest].filter((path) => path !== undefined);
}

/** The files that rows come from. */
export function rowPathsOf(layout: InputLayout, { test }: InputOptions): string[] {
  switch (layout.kind) {
    case 'idx':
      return [layout.train, layout.trainLabels, layout.test, layout.testLabels];
    case 'cifar':
      return [...layout.train, layout.test];
    case 'files':
      return [...layout.files, ...(test === undefined ? [] : [test])];
  }
}

/** Opens what was found. Everything opened goes on `stack`. */
export async function openInput(
  layout: InputLayout,
  options: InputOptions,
  context: ReadContext,
  stack: DisposableList,
): Promise<OpenedInput> {
  const input = await openLayout(layout, options, context, stack);
  if ('softLabels' in input) return input;
  const read = async (path: string | undefined): Promise<SoftLabelQueue | undefined> =>
    path === undefined ? undefined : new SoftLabelQueue(await readSoftLabels(path, context));
  return withQueues(input, await read(options.softLabels), await read(options.softLabelsTest));
}

function withQueues(
  input: HardInput,
  train: SoftLabelQueue | undefined,
  test: SoftLabelQueue | undefined,
): OpenedInput {
  if (train === undefined && test !== undefined) {
    throw new DatasetError(
      'bad-option',
      "soft labels of the test rows alone are of no use; give the others' too",
    );
  }
  if (test !== undefined && input.test.length === 0) {
    throw new DatasetError(
      'bad-option',
      'these files set no test rows apart, so the soft labels of all rows are in one file; leave out those of the test rows',
    );
  }
  const softLabels = {
    ...(train === undefined ? {} : { train }),
    ...(test === undefined ? {} : { test }),
  };
  return { ...input, queues: [...input.queues, ...Object.values(softLabels)], softLabels };
}

async function openLayout(
  layout: InputLayout,
  options: InputOptions,
  context: ReadContext,
  stack: DisposableList,
): Promise<HardInput | OpenedInput> {
  if (layout.kind === 'files') return openFiles(layout.files, options, context, stack);
  if (options.test !== undefined || hasLabels(options)) {
    throw new DatasetError('bad-option', 'these original files have test rows and labels of their own');
  }
  if (layout.kind === 'cifar') {
    const open = async (path: string): Promise<RowSource> => stack.use(await readCifarBatch(path, context));
    return { train: await all(layout.train, open), test: [await open(layout.test)], queues: [] };
  }
  const trainLabels = new LabelQueue(await readIdxLabels(layout.trainLabels, context), layout.trainLabels);
  const testLabels = new LabelQueue(await readIdxLabels(layout.testLabels, context), layout.testLabels);
  const train = stack.use(await readIdxImages(layout.train, context));
  const test = stack.use(await readIdxImages(layout.test, context));
  return {
    train: [withLabels(train, trainLabels)],
    test: [withLabels(test, testLabels)],
    queues: [trainLabels, testLabels],
  };
}

async function openFiles(
  files: readonly string[],
  options: InputOptions,
  context: ReadContext,
  stack: DisposableList,
): Promise<HardInput | OpenedInput> {
  // Looking at the first bytes is not progress.
  const peek: ReadContext = { budget: context.budget, signal: context.signal };
  const paths = [...files, ...(options.test === undefined ? [] : [options.test])];
  const formats = await all(paths, (path) => detectFormat(path, peek));
  if (formats.includes('npz')) return openNpz(paths, options, context, stack);
  const { labelColumn, labelFile } = await resolveLabels(paths, formats, options, peek);
  const sources = await all(paths, async (path, i) =>
    stack.use(await openRows(path, formats[i] ?? 'csv', context, labelColumn)),
  );
  const queue =
    labelFile === undefined ? undefined : new LabelQueue(await readLabels(labelFile, context), labelFile);
  const labelled = queue === undefined ? sources : sources.map((source) => withLabels(source, queue));
  return {
    train: labelled.slice(0, files.length),
    test: labelled.slice(files.length),
    queues: queue === undefined ? [] : [queue],
  };
}

async function openNpz(
  paths: readonly string[],
  options: InputOptions,
  context: ReadContext,
  stack: DisposableList,
): Promise<OpenedInput> {
  const [path] = paths;
  if (path === undefined || paths.length > 1 || hasLabels(options) || softPathsOf(options).length > 0) {
    throw new DatasetError(
      'bad-option',
      'an .npz file is imported alone: it has x_train, x_test and, for labels, y_train and y_test in it, for soft labels soft_train and soft_test',
    );
  }
  const file = await NpzFile.open(path, context);
  stack.use({ [Symbol.asyncDispose]: async () => file[Symbol.dispose]() });
  const queues: LabelQueue[] = [];
  const open = async (split: 'train' | 'test'): Promise<RowSource> => {
    const rows = stack.use(await file.rows(`x_${split}`));
    if (!file.has(`y_${split}`)) return rows;
    const queue = new LabelQueue(await file.labels(`y_${split}`), `${path} (y_${split})`);
    queues.push(queue);
    return withLabels(rows, queue);
  };
  const train = [await open('train')];
  const test = file.has('x_test') ? [await open('test')] : [];
  const soft = async (array: 'soft_train' | 'soft_test'): Promise<SoftLabelQueue | undefined> =>
    file.has(array) ? new SoftLabelQueue(await readNpySoftLabels(file.open(array))) : undefined;
  return withQueues({ train, test, queues }, await soft('soft_train'), await soft('soft_test'));
}

async function openRows(
  path: string,
  format: FileFormat,
  context: ReadContext,
  labelColumn: string | undefined,
): Promise<RowSource> {
  switch (format) {
    case 'npy':
      return readNpyRows(path, context);
    case 'idx':
      return readIdxImages(path, context);
    case 'cifar':
      return readCifarBatch(path, context);
    case 'csv':
      return readCsv(path, context, labelColumn);
    case 'npz':
      throw new DatasetError('bad-option', `${path}: an .npz file is imported alone`);
  }
}

function hasLabels({ labels, labelColumn }: InputOptions): boolean {
  return labels !== undefined || labelColumn !== undefined;
}

/** `labels` is a column of the CSV files where it can be one, else a file; `labelColumn` is a column. */
async function resolveLabels(
  paths: readonly string[],
  formats: readonly FileFormat[],
  options: InputOptions,
  context: ReadContext,
): Promise<{ readonly labelColumn?: string; readonly labelFile?: string }> {
  if (!hasLabels(options)) return {};
  if (formats.includes('cifar')) {
    throw new DatasetError('bad-option', 'CIFAR-10 batches have labels of their own; leave out the labels', {
      option: 'labels',
    });
  }
  const { labels, labelColumn } = options;
  const [first] = paths;
  const isCsv = formats.every((format) => format === 'csv');
  if (labelColumn !== undefined && isCsv) return { labelColumn };
  if (labels === undefined) {
    throw new DatasetError(
      'bad-option',
      `labels ${JSON.stringify(labelColumn)} name a column, and only CSV files have columns; give a file of labels`,
      { option: 'labels' },
    );
  }
  if (isCsv && first !== undefined && (await hasCsvColumn(first, labels, context)))
    return { labelColumn: labels };
  try {
    await fileSize(labels);
  } catch (error) {
    if (!(error instanceof DatasetError) || !isCsv) throw error;
    throw new DatasetError(
      'bad-option',
      `${JSON.stringify(labels)} is neither a column of ${first} nor a file`,
      { option: 'labels' },
    );
  }
  return { labelFile: labels };
}

async function readLabels(path: string, context: ReadContext): Promise<Labels> {
  const format = await detectFormat(path, { budget: context.budget, signal: context.signal });
  if (format === 'idx') return readIdxLabels(path, context);
  if (format === 'npy') return readNpyLabels(ByteReader.ofFile(path, context));
  if (format === 'csv') return readLabelLines(path, context);
  throw new DatasetError(
    'unsupported',
    `${path}: labels are read from .idx, .npy and text files, one a line`,
  );
}

/** One after the other: what was opened before a fault is on the stack. */
async function all<A, B>(items: readonly A[], work: (item: A, index: number) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const [index, item] of items.entries()) results.push(await work(item, index));
  return results;
}
