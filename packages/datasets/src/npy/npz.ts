import yazl from 'yazl';
import { DatasetError } from '../dataset-error.js';
import { decodeNpy, encodeNpy } from './npy.js';
import type { NpyArray } from './npy-array.js';
import { type ZipMember, ZipMembers } from './zip-members.js';

/** The earliest time that a zip can tell, in whatever zone: it is written as local time and not read back. */
const NO_TIME = new Date(1980, 0, 1);
const DEFAULT_MAX_BYTES = 2 ** 30;

/**
 * The bytes of an .npz file that numpy.load reads: members in the order given, not compressed, without times,
 * so that equal entries give equal bytes.
 */
export async function encodeNpz(entries: Readonly<Record<string, NpyArray>>): Promise<Uint8Array> {
  const zip = new yazl.ZipFile();
  for (const [name, array] of Object.entries(entries)) {
    const bytes = encodeNpy(array);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    zip.addBuffer(buffer, `${name}.npy`, { compress: false, mtime: NO_TIME, forceDosTimestamp: true });
  }
  zip.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of zip.outputStream) {
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

export interface DecodeNpzOptions {
  /** At most this many bytes once inflated, all members together; 1 GiB by default. */
  readonly maxBytes?: number | undefined;
  /** Only the very bytes that `encodeNpz` writes are taken: a change anywhere in the file is refused. */
  readonly canonical?: boolean | undefined;
}

/**
 * Reads an .npz file in memory. Sizes and CRCs are checked.
 * @throws DatasetError for anything that is not an archive of arrays that `decodeNpy` reads.
 */
export async function decodeNpz(
  bytes: Uint8Array,
  { maxBytes = DEFAULT_MAX_BYTES, canonical = false }: DecodeNpzOptions = {},
): Promise<Map<string, NpyArray>> {
  using zip = await ZipMembers.open(bytes);
  const claimed = [...zip.members.values()].reduce((sum, member) => sum + member.bytes, 0);
  if (claimed > maxBytes) {
    throw new DatasetError(
      'too-large',
      `the archive claims ${claimed} bytes once inflated; at most ${maxBytes} are read`,
    );
  }
  const arrays = new Map<string, NpyArray>();
  for (const member of zip.members.values()) {
    if (!member.name.endsWith('.npy')) {
      throw new DatasetError('unsupported', `${JSON.stringify(member.name)} in the archive is no .npy array`);
    }
    arrays.set(member.name.slice(0, -'.npy'.length), decodeNpy(await readWhole(member)));
  }
  if (canonical && !isSame(await encodeNpz(Object.fromEntries(arrays)), bytes)) {
    throw new DatasetError(
      'corrupt',
      'the archive is not as it was written: bytes outside its arrays were changed',
    );
  }
  return arrays;
}

async function readWhole(member: ZipMember): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of member.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
