import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { DatasetError } from '../dataset-error.js';
import { messageOf } from '../io/system-error.js';

const MAX_MEMBERS = 4096;
const STORED = 0;
const DEFLATED = 8;

/** One file in a zip archive. */
export interface ZipMember {
  readonly name: string;
  /** Bytes once inflated, as the archive claims; `read` holds it to that. */
  readonly bytes: number;
  readonly compressedBytes: number;
  /** The content, its length and CRC checked: the last chunk comes before a wrong CRC is known. */
  read(): AsyncIterable<Uint8Array>;
}

/** The members of a zip archive (stored or deflated), by name. Dispose it. */
export class ZipMembers implements Disposable {
  private constructor(
    private readonly zip: yauzl.ZipFile,
    readonly members: ReadonlyMap<string, ZipMember>,
  ) {}

  /** @param from a path, or the archive itself. @throws DatasetError for what is no such archive. */
  static async open(from: string | Uint8Array): Promise<ZipMembers> {
    const zip = await asCorrupt(async () => {
      const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
      if (typeof from === 'string') return yauzl.openPromise(from, options);
      return yauzl.fromBufferPromise(Buffer.from(from.buffer, from.byteOffset, from.byteLength), options);
    });
    // Faults come as rejections where they are awaited; one that nobody awaits must not end the process.
    zip.on('error', () => {});
    try {
      return new ZipMembers(zip, await asCorrupt(() => readMembers(zip)));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.zip.close();
  }
}

async function readMembers(zip: yauzl.ZipFile): Promise<Map<string, ZipMember>> {
  const members = new Map<string, ZipMember>();
  if (zip.entryCount > MAX_MEMBERS) {
    throw new DatasetError(
      'too-large',
      `the archive has ${zip.entryCount} members; at most ${MAX_MEMBERS} are read`,
    );
  }
  for await (const entry of zip.eachEntry()) {
    const { fileName: name, uncompressedSize: bytes, compressedSize: compressedBytes } = entry;
    if (members.has(name)) throw new DatasetError('corrupt', `the archive has ${JSON.stringify(name)} twice`);
    members.set(name, { name, bytes, compressedBytes, read: () => readMember(zip, entry) });
  }
  return members;
}

async function* readMember(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Uint8Array> {
  const name = JSON.stringify(entry.fileName);
  const method = entry.compressionMethod;
  if (entry.isEncrypted() || (method !== STORED && method !== DEFLATED)) {
    throw new DatasetError(
      'unsupported',
      `${name} is encrypted or compressed by method ${method}; save it again plainly`,
    );
  }
  const stream = await asCorrupt(() => zip.openReadStreamPromise(entry));
  let crc = 0;
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a binary stream gives bytes');
      crc = crc32(chunk, crc);
      bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    throw toDatasetError(error);
  } finally {
    stream.destroy();
  }
  if (bytes !== entry.uncompressedSize) {
    throw new DatasetError(
      'corrupt',
      `${name} has ${bytes} bytes, where the archive claims ${entry.uncompressedSize}`,
    );
  }
  if (crc !== entry.crc32) {
    throw new DatasetError(
      'corrupt',
      `${name} is damaged: its CRC-32 is ${hex(crc)}, the archive says ${hex(entry.crc32)}`,
    );
  }
}

async function asCorrupt<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw toDatasetError(error);
  }
}

function toDatasetError(error: unknown): DatasetError {
  if (error instanceof DatasetError) return error;
  return new DatasetError('corrupt', `the archive cannot be read: ${messageOf(error)}`, { cause: error });
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
