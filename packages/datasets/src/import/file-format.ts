import { DatasetError } from '../dataset-error.js';
import { ByteReader, type ReadContext } from '../io/byte-reader.js';
import { isNpy } from '../npy/npy-header.js';
import { isIdx } from '../readers/idx.js';

export type FileFormat = 'npy' | 'npz' | 'idx' | 'csv' | 'cifar';

const EXTENSIONS: ReadonlyMap<string, FileFormat> = new Map<string, FileFormat>([
  ['npy', 'npy'],
  ['npz', 'npz'],
  ['idx', 'idx'],
  ['csv', 'csv'],
  ['txt', 'csv'],
  ['bin', 'cifar'],
]);

/** What a file is: by its first bytes (inflated), else by its extension. */
export async function detectFormat(path: string, context: ReadContext): Promise<FileFormat> {
  const start = new Uint8Array(6);
  await using reader = ByteReader.ofFile(path, context);
  const head = start.subarray(0, await reader.fillUpTo(start));
  if (isNpy(head)) return 'npy';
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return 'npz';
  const format = formatByName(path);
  if (format !== undefined) return format;
  if (isIdx(head)) return 'idx';
  const hint = startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a])
    ? 'it is packed by xz; unpack it first (xz -dk FILE)'
    : '.npy, .npz, .csv, .idx, CIFAR-10 .bin files, gzip or not, are read';
  throw new DatasetError('unsupported', `${path} is of no known kind: ${hint}`);
}

function formatByName(path: string): FileFormat | undefined {
  const stem = path.toLowerCase().replace(/\.gz$/, '');
  if (stem.endsWith('-ubyte')) return 'idx';
  return EXTENSIONS.get(/\.([a-z]+)$/.exec(stem)?.[1] ?? '');
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
