import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { fileSize } from '../io/file-bytes.js';
import { type ZipMember, ZipMembers } from '../npy/zip-members.js';
import { openNpyRows, readNpyLabels } from './npy-source.js';
import type { RowSource } from './row-source.js';

/**
 * A data set in an .npz file: `x_train`, `x_test` and, both or none, `y_train`, `y_test`; soft labels in `soft_train`
 * and `soft_test`. Other members are not read. Dispose it after the sources that it gave.
 */
export class NpzFile implements Disposable {
  private constructor(
    readonly path: string,
    private readonly zip: ZipMembers,
    private readonly context: ReadContext,
  ) {}

  static async open(path: string, context: ReadContext): Promise<NpzFile> {
    await fileSize(path);
    const zip = await ZipMembers.open(path);
    const file = new NpzFile(path, zip, context);
    if (file.has('y_train') === file.has('y_test') || !file.has('x_test')) return file;
    zip[Symbol.dispose]();
    throw new DatasetError(
      'mis-shaped',
      `${path} has only one of y_train and y_test; it must have both or none`,
    );
  }

  has(array: string): boolean {
    return this.zip.members.has(`${array}.npy`);
  }

  async rows(array: 'x_train' | 'x_test'): Promise<RowSource> {
    return openNpyRows(this.#reader(array));
  }

  async labels(array: 'y_train' | 'y_test'): Promise<string[]> {
    return readNpyLabels(this.#reader(array));
  }

  /** The bytes of an array. */
  open(array: 'soft_train' | 'soft_test'): ByteReader {
    return this.#reader(array);
  }

  [Symbol.dispose](): void {
    this.zip[Symbol.dispose]();
  }

  #reader(array: string): ByteReader {
    const member = this.zip.members.get(`${array}.npy`);
    const name = `${this.path} (${array})`;
    if (member === undefined) {
      const names = [...this.zip.members.keys()].map((each) => each.replace(/\.npy$/, '')).join(', ');
      throw new DatasetError('not-found', `${this.path} has no ${array}; it has ${names || 'nothing'}`);
    }
    this.context.budget.expect(member.bytes, name);
    return new ByteReader(counted(member, this.context), name, this.context);
  }
}

/** Tells of the packed bytes, in proportion to what was inflated. */
async function* counted(member: ZipMember, { onBytes }: ReadContext): AsyncGenerator<Uint8Array> {
  const ratio = member.bytes === 0 ? 0 : member.compressedBytes / member.bytes;
  for await (const chunk of member.read()) {
    onBytes?.(chunk.byteLength * ratio);
    yield chunk;
  }
}
