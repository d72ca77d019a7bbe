import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalJson,
  checker,
  DATASET_NAME_PATTERN,
  type Dataset,
  DatasetSchema,
  type SplitName,
} from '@levy/contracts';
import { datasetDigest } from '../dataset-digest.js';
import { DatasetError } from '../dataset-error.js';
import { DIGITS_NAME, digits } from '../digits/digits.js';
import { isSystemError, messageOf } from '../io/system-error.js';
import {
  type DatasetLabels,
  itemBytes,
  type LoadedDataset,
  type LoadedSoftLabels,
  type Matrix,
} from '../matrix.js';
import { BlobStore } from './blob-store.js';
import type { BlobWriter } from './blob-writer.js';
import {
  columnsOf,
  type DatasetMeta,
  type DatasetParts,
  DisposableList,
  type StagedSplit,
  stageSplit,
} from './dataset-parts.js';
import { withStoreLock } from './store-lock.js';
import { writeFileAtomically } from './temp-files.js';

const NAME = new RegExp(DATASET_NAME_PATTERN);
const manifestChecker = checker(DatasetSchema);

/** An added data set, and whether it is new; false if the store already had this very content under this name. */
export interface AddedDataset {
  readonly dataset: Dataset;
  readonly created: boolean;
}

/**
 * The data sets of a data folder: a manifest each in `datasets/NAME.json`, their bytes in the blob store.
 * Several processes may use one folder at once. Holds no open file between calls.
 */
export class DatasetStore {
  private constructor(
    readonly dataDir: string,
    /** The rows and labels, addressed by the digests in the manifests. Only for them: what no manifest has may go. */
    readonly blobs: BlobStore,
  ) {}

  /**
   * Makes what is missing of the folder, the bytes of the built-in digits included.
   * @param tempFolder as `BlobStore.open` has it.
   */
  static async open(dataDir: string, tempFolder?: string): Promise<DatasetStore> {
    await mkdir(join(dataDir, 'datasets'), { recursive: true });
    const store = new DatasetStore(dataDir, await BlobStore.open(dataDir, tempFolder));
    const { train, test, trainLabels, testLabels, dataset } = await digits();
    const { splits, labels } = dataset;
    const parts = [
      [train, splits.train.sha256],
      [test, splits.test.sha256],
      [trainLabels, labels?.train],
      [testLabels, labels?.test],
    ] as const;
    for (const [bytes, sha256] of parts) {
      if (sha256 !== undefined && !(await store.blobs.has(sha256))) await store.blobs.put(bytes);
    }
    return store;
  }

  /** Every data set, the built-in digits included, by name. @throws DatasetError for a manifest that is none. */
  async list(): Promise<Dataset[]> {
    const datasets = [(await digits()).dataset];
    for (const file of await readdir(join(this.dataDir, 'datasets'))) {
      if (!file.endsWith('.json')) continue;
      const dataset = await this.#readManifest(file.slice(0, -'.json'.length));
      if (dataset !== undefined && dataset.id !== DIGITS_NAME) datasets.push(dataset);
    }
    return datasets.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** One data set, or undefined if the store has none of this name. */
  async get(name: string): Promise<Dataset | undefined> {
    if (name === DIGITS_NAME) return (await digits()).dataset;
    return NAME.test(name) ? this.#readManifest(name) : undefined;
  }

  /**
   * Reads a data set's rows, with soft labels where it has them, checked against their digests.
   * @throws DatasetError if there is no such data set or its bytes are missing, CorruptBlobError if they changed.
   */
  async load(nameOrDataset: string | Dataset): Promise<LoadedDataset> {
    const dataset = typeof nameOrDataset === 'string' ? await this.require(nameOrDataset) : nameOrDataset;
    const train = await this.#loadSplit(dataset, 'train');
    const test = await this.#loadSplit(dataset, 'test');
    const softLabels = await this.#loadSoftLabels(dataset);
    return { dataset, train, test, ...(softLabels === undefined ? {} : { softLabels }) };
  }

  /** The labels, one byte a row; undefined if the data set has none. */
  async loadLabels(dataset: Dataset): Promise<DatasetLabels | undefined> {
    const { labels } = dataset;
    if (labels === undefined) return undefined;
    return {
      train: await this.#getBytes(dataset, labels.train),
      test: await this.#getBytes(dataset, labels.test),
    };
  }

  /** One data set. @throws DatasetError `not-found` with the names that there are. */
  async require(name: string): Promise<Dataset> {
    const dataset = await this.get(name);
    if (dataset !== undefined) return dataset;
    const names = (await this.list()).map((each) => each.id).join(', ');
    throw new DatasetError('not-found', `there is no data set ${JSON.stringify(name)}; there are: ${names}`);
  }

  /**
   * Adds a data set, whole or not at all. Rows may be given as bytes, streamed, or as writers of this store's
   * blobs, whose owner disposes them.
   * @throws DatasetError `name-taken` if the name has other content.
   */
  async add(parts: DatasetParts, meta: DatasetMeta): Promise<AddedDataset> {
    this.checkName(meta.name);
    await using staged = new DisposableList();
    const train = await stageSplit(this.blobs, parts.train, meta, 'train', staged);
    const test = await stageSplit(this.blobs, parts.test, meta, 'test', staged);
    const dataset = describe(meta, train, test);
    const faults = manifestChecker.faults(dataset);
    if (faults.length > 0)
      throw new DatasetError('mis-shaped', faults.map((fault) => fault.detail).join('; '));
    return await this.#locked(async () => {
      const existing = await this.get(dataset.id);
      if (existing !== undefined) return { dataset: requireSame(existing, dataset), created: false };
      await this.#publish(dataset, [...train.writers, ...test.writers]);
      return { dataset, created: true };
    });
  }

  /** @throws DatasetError if no data set of this name could ever be added. */
  checkName(name: string): void {
    if (!NAME.test(name)) {
      throw new DatasetError(
        'bad-name',
        `${JSON.stringify(name)} is no name for a data set: 1 to 64 of a-z, 0-9, ".", "_" and "-", the first a letter or digit`,
        { option: 'name' },
      );
    }
    if (name === DIGITS_NAME) {
      throw new DatasetError('built-in', `"${DIGITS_NAME}" is built in; choose another name`, {
        option: 'name',
      });
    }
  }

  /** Removes a data set; its bytes too, unless another one has them. @returns whether there was one. */
  async remove(name: string): Promise<boolean> {
    if (name === DIGITS_NAME) throw new DatasetError('built-in', `"${DIGITS_NAME}" is built in and stays`);
    if (!NAME.test(name)) return false;
    return this.#locked(async () => {
      const dataset = await this.#readManifest(name);
      if (dataset === undefined) return false;
      await rm(this.#manifestPath(name), { force: true });
      await this.#deleteUnused(blobsOf(dataset));
      return true;
    });
  }

  async #publish(dataset: Dataset, writers: readonly BlobWriter[]): Promise<void> {
    const published: string[] = [];
    try {
      for (const writer of writers) {
        if (await writer.publish()) published.push((await writer.finish()).sha256);
      }
      const text = `${JSON.stringify(dataset, undefined, 2)}\n`;
      await writeFileAtomically(this.#manifestPath(dataset.id), text, this.blobs.tempFolder);
    } catch (error) {
      for (const sha256 of published) await this.blobs.delete(sha256);
      throw error;
    }
  }

  async #deleteUnused(blobs: readonly string[]): Promise<void> {
    const used = new Set((await this.list()).flatMap(blobsOf));
    for (const sha256 of blobs) {
      if (!used.has(sha256)) await this.blobs.delete(sha256);
    }
  }

  async #loadSplit(dataset: Dataset, split: SplitName): Promise<Matrix> {
    const { rows, sha256 } = dataset.splits[split];
    const { columns, dtype } = dataset;
    const bytes = await this.#getBytes(dataset, sha256);
    if (bytes.byteLength !== rows * columns * itemBytes(dtype)) {
      throw new DatasetError(
        'bad-manifest',
        `${dataset.id}: the ${split} split has ${bytes.byteLength} bytes, not ${rows} rows of ${columns} columns`,
      );
    }
    if (dtype === 'u1') return { dtype, rows, columns, data: bytes };
    return { dtype, rows, columns, data: new Float32Array(bytes.buffer) };
  }

  async #loadSoftLabels(dataset: Dataset): Promise<LoadedSoftLabels | undefined> {
    const { softLabels, splits } = dataset;
    if (softLabels === undefined) return undefined;
    const { classes } = softLabels;
    const read = async (split: SplitName, sha256: string): Promise<Float64Array> => {
      const bytes = await this.#getBytes(dataset, sha256);
      const { rows } = splits[split];
      if (bytes.byteLength === rows * classes * Float64Array.BYTES_PER_ELEMENT) {
        return new Float64Array(bytes.buffer);
      }
      throw new DatasetError(
        'bad-manifest',
        `${dataset.id}: the soft labels of the ${split} split have ${bytes.byteLength} bytes, not ${rows} rows of ${classes} classes`,
      );
    };
    const labels = await this.loadLabels(dataset);
    return {
      classes,
      train: await read('train', softLabels.train),
      ...(softLabels.test === undefined ? {} : { test: await read('test', softLabels.test) }),
      ...(labels === undefined ? {} : { labels }),
    };
  }

  async #getBytes(dataset: Dataset, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.blobs.get(sha256);
    if (bytes !== undefined) return bytes;
    throw new DatasetError(
      'missing-bytes',
      `${dataset.id}: the bytes ${sha256} are not in ${this.blobs.folder}; remove the data set and import it again`,
    );
  }

  async #readManifest(name: string): Promise<Dataset | undefined> {
    const path = this.#manifestPath(name);
    let value: unknown;
    try {
      value = JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined;
      if (!(error instanceof SyntaxError)) throw error;
      throw new DatasetError('bad-manifest', `${path} is not JSON (${messageOf(error)})`, { cause: error });
    }
    if (!manifestChecker.fits(value)) {
      const faults = manifestChecker.faults(value).map((fault) => fault.detail);
      throw new DatasetError('bad-manifest', `${path} describes no data set: ${faults.join('; ')}`);
    }
    if (
      value.id !== name ||
      value.digest !== datasetDigest(value) ||
      columnsOf(value.shape) !== value.columns
    ) {
      throw new DatasetError(
        'bad-manifest',
        `${path} was changed: its name, shape and digest do not agree; restore it, or delete it and import again`,
      );
    }
    return value;
  }

  #manifestPath(name: string): string {
    return join(this.dataDir, 'datasets', `${name}.json`);
  }

  #locked<R>(work: () => Promise<R>): Promise<R> {
    return withStoreLock(join(this.dataDir, 'datasets', '.lock'), this.blobs.tempFolder, work);
  }
}

function describe(meta: DatasetMeta, train: StagedSplit, test: StagedSplit): Dataset {
  const { valueRange, distribution, source, classes } = meta;
  const splits = { train: train.split, test: test.split };
  if ((train.labels === undefined) !== (test.labels === undefined)) {
    throw new DatasetError('mis-shaped', 'only one of the two splits has labels; give both or none');
  }
  const labels =
    train.labels === undefined || test.labels === undefined
      ? undefined
      : { classes: classes ?? 256, train: train.labels, test: test.labels };
  const softLabels = softLabelsOf(train, test);
  const described: Omit<Dataset, 'digest'> = {
    id: meta.name,
    dtype: meta.dtype,
    scale: meta.scale,
    shape: [...meta.shape],
    columns: columnsOf(meta.shape),
    ...(valueRange === undefined ? {} : { valueRange }),
    splits,
    ...(labels === undefined ? {} : { labels }),
    ...(softLabels === undefined ? {} : { softLabels }),
    ...(distribution === undefined ? {} : { distribution }),
    ...(source === undefined ? {} : { source }),
    createdAt: new Date().toISOString(),
  };
  return { ...described, digest: datasetDigest(described) };
}

function softLabelsOf(train: StagedSplit, test: StagedSplit): Dataset['softLabels'] {
  if (train.softLabels === undefined) {
    if (test.softLabels === undefined) return undefined;
    throw new DatasetError('mis-shaped', "only the test rows have soft labels; give the training rows' too");
  }
  const { classes, sha256 } = train.softLabels;
  if (test.softLabels === undefined) return { classes, train: sha256 };
  if (test.softLabels.classes !== classes) {
    throw new DatasetError(
      'mis-shaped',
      `the soft labels have ${classes} classes in train and ${test.softLabels.classes} in test`,
    );
  }
  return { classes, train: sha256, test: test.softLabels.sha256 };
}

/** The existing data set, if the other one differs from it in nothing but where and when it came from. */
function requireSame(existing: Dataset, added: Dataset): Dataset {
  const content = ({ digest, shape, labels, distribution }: Dataset): string =>
    canonicalJson({ digest, shape, labels: labels ?? 'none', distribution: distribution ?? 'none' });
  if (content(existing) === content(added)) return existing;
  const { train, test } = existing.splits;
  throw new DatasetError(
    'name-taken',
    `there is already a data set "${existing.id}" with other content (${train.rows} + ${test.rows} rows of ` +
      `${existing.columns} columns, digest ${existing.digest}); remove it first or choose another name`,
  );
}

function blobsOf(dataset: Dataset): string[] {
  const { splits, labels, softLabels } = dataset;
  return [
    ...[splits.train.sha256, splits.test.sha256],
    ...[labels?.train, labels?.test, softLabels?.train, softLabels?.test],
  ].filter((sha256) => sha256 !== undefined);
}
