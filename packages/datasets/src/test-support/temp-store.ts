import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DatasetStore } from '../store/dataset-store.js';

/** A folder for one test, removed when disposed. */
export class TempFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<TempFolder> {
    return new TempFolder(await mkdtemp(join(tmpdir(), 'levy-datasets-')));
  }

  /** Writes a file and answers its path. */
  async file(name: string, content: Uint8Array | string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, content);
    return path;
  }

  /** Every file under the folder, as relative paths. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A store and a folder for input files, both removed when disposed. */
export class TempStore implements AsyncDisposable {
  private constructor(
    readonly store: DatasetStore,
    readonly data: TempFolder,
    readonly input: TempFolder,
  ) {}

  static async create(): Promise<TempStore> {
    const data = await TempFolder.create();
    return new TempStore(await DatasetStore.open(data.path), data, await TempFolder.create());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data[Symbol.asyncDispose]();
    await this.input[Symbol.asyncDispose]();
  }
}
