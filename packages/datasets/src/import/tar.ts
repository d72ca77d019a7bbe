import { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatasetError } from '../dataset-error.js';
import type { ByteReader } from '../io/byte-reader.js';

/** The tar format (POSIX.1-1988 ustar): 512-byte headers, data padded to 512 bytes, zero blocks at the end. */
const BLOCK = 512;
const CHUNK_BYTES = 1 << 20;
const REGULAR = ['0', '\0'];

/**
 * Takes the named members, which must be regular files, out of a tar archive, into `folder` under the last part of
 * their names. Nothing else is unpacked, whatever the archive says.
 * @throws DatasetError if one of them is missing or the archive is damaged.
 */
export async function extractTar(
  reader: ByteReader,
  members: readonly string[],
  folder: string,
): Promise<void> {
  const wanted = new Set(members);
  const header = new Uint8Array(BLOCK);
  while (wanted.size > 0) {
    if ((await reader.fillUpTo(header)) < BLOCK || header.every((byte) => byte === 0)) break;
    const { name, size, type } = readHeader(header, reader.name);
    const isWanted = REGULAR.includes(type) && wanted.delete(name);
    await copyData(reader, size, isWanted ? join(folder, basename(name)) : undefined);
  }
  if (wanted.size > 0) {
    throw new DatasetError(
      'not-found',
      `${reader.name} lacks ${[...wanted].join(', ')}; it is cut off or another archive`,
    );
  }
}

function readHeader(header: Uint8Array, archive: string): { name: string; size: number; type: string } {
  const text = Buffer.from(header).toString('latin1');
  const field = (start: number, end: number): string => text.slice(start, end).replace(/[\0 ]+$/, '');
  const checksum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  const size = Number.parseInt(field(124, 136), 8);
  if (Number.parseInt(field(148, 156), 8) !== checksum || !Number.isSafeInteger(size) || size < 0) {
    throw new DatasetError('corrupt', `${archive} is a damaged tar archive: a header's checksum is wrong`);
  }
  const prefix = text.slice(257, 262) === 'ustar' ? field(345, 500) : '';
  return { name: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`, size, type: text.charAt(156) };
}

async function copyData(reader: ByteReader, size: number, path: string | undefined): Promise<void> {
  const file = path === undefined ? undefined : await open(path, 'wx');
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let left = size; left > 0; ) {
      const chunk = buffer.subarray(0, Math.min(left, CHUNK_BYTES));
      await reader.fill(chunk);
      await file?.writeFile(chunk);
      left -= chunk.byteLength;
    }
    await reader.fill(buffer.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK));
  } finally {
    await file?.close();
  }
}
