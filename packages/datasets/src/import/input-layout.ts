import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatasetError } from '../dataset-error.js';
import { isSystemError } from '../io/system-error.js';

/** What the given paths are. */
export type InputLayout =
  | {
      readonly kind: 'idx';
      readonly train: string;
      readonly trainLabels: string;
      readonly test: string;
      readonly testLabels: string;
    }
  | { readonly kind: 'cifar'; readonly train: readonly string[]; readonly test: string }
  | { readonly kind: 'files'; readonly files: readonly string[] };

const IDX_NAME = /^(train|t10k)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/;
const CIFAR_NAME = /^(data_batch_[1-5]|test_batch)\.bin(?:\.gz)?$/;
const CIFAR_FOLDER = 'cifar-10-batches-bin';
const CIFAR_BATCHES = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`);

/** The data sets that have a layout of their own. */
const LAYOUT_OF: ReadonlyMap<string, 'idx' | 'cifar'> = new Map([
  ['mnist', 'idx'],
  ['fashion-mnist', 'idx'],
  ['cifar-10', 'cifar'],
] as const);

/**
 * Finds the original files of MNIST (and Fashion-MNIST) or of CIFAR-10 in a folder, or among the files given, by
 * their own names; other files are taken one by one.
 */
export async function findLayout(name: string, from: readonly string[]): Promise<InputLayout> {
  if (from.length === 0) throw new DatasetError('bad-option', 'say which files to import');
  const folders = await Promise.all(from.map(isFolder));
  const files = (
    await Promise.all(from.map((path, i) => (folders[i] === true ? filesIn(path) : [path])))
  ).flat();
  const layout = idxLayout(files) ?? cifarLayout(files);
  const needed = LAYOUT_OF.get(name);
  if (needed !== undefined && layout?.kind !== needed) refuseNamed(name, needed, files);
  if (layout !== undefined) return layout;
  if (folders.includes(true)) {
    throw new DatasetError(
      'not-found',
      `${from.join(', ')}: no complete set of MNIST's or CIFAR-10's original files is there; for other data name the files`,
    );
  }
  return { kind: 'files', files };
}

function idxLayout(files: readonly string[]): InputLayout | undefined {
  const found = byStem(files, IDX_NAME, (match) => `${match[1]} ${match[2]}`);
  const train = found.get('train images');
  const trainLabels = found.get('train labels');
  const test = found.get('t10k images');
  const testLabels = found.get('t10k labels');
  const isWhole =
    train !== undefined && trainLabels !== undefined && test !== undefined && testLabels !== undefined;
  return isWhole ? { kind: 'idx', train, trainLabels, test, testLabels } : undefined;
}

function cifarLayout(files: readonly string[]): InputLayout | undefined {
  const found = byStem(files, CIFAR_NAME, (match) => match[1] ?? '');
  const train = CIFAR_BATCHES.map((batch) => found.get(batch)).filter((path) => path !== undefined);
  const test = found.get('test_batch');
  return train.length === CIFAR_BATCHES.length && test !== undefined
    ? { kind: 'cifar', train, test }
    : undefined;
}

/** Where a file is there both packed and not, the one that is not. */
function byStem(
  files: readonly string[],
  pattern: RegExp,
  stemOf: (match: RegExpExecArray) => string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of files) {
    const match = pattern.exec(basename(path));
    if (match === null) continue;
    const stem = stemOf(match);
    if (!found.has(stem) || !path.endsWith('.gz')) found.set(stem, path);
  }
  return found;
}

function refuseNamed(name: string, kind: 'idx' | 'cifar', files: readonly string[]): never {
  const needed =
    kind === 'idx'
      ? 'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte'
      : 'data_batch_1.bin to data_batch_5.bin and test_batch.bin';
  const packed = files.some((path) => path.endsWith('.xz')) ? ' Unpack .xz files first (xz -dk FILE).' : '';
  throw new DatasetError(
    'not-found',
    `${name} needs its original files ${needed}, gzip or not; not all are there.${packed}`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR'))
      throw new DatasetError('not-found', `there is no file ${path}`);
    throw error;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) paths.push(path);
    else if (entry.name === CIFAR_FOLDER) paths.push(...(await filesIn(path)));
  }
  return paths.sort();
}
