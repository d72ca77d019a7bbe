import { DatasetError } from '../dataset-error.js';
import { parsePythonLiteral } from './python-literal.js';

/** Magic and version. */
export const NPY_PREAMBLE_BYTES = 8;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** A header of the kinds read here has about a hundred bytes. */
const MAX_HEADER_BYTES = 1 << 16;
const ALIGNMENT = 64;
/** Digits that NumPy leaves room for, so that the first dimension can grow in place. */
const GROWTH_DIGITS = 21;

/** What a NumPy header says, for C-ordered arrays. */
export interface NpyHeader {
  /** NumPy's own name of the type: `|u1`, `<f4` … */
  readonly descr: string;
  readonly shape: readonly number[];
}

/** Whether bytes begin as an NPY file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** @param preamble the first 8 bytes. @returns how many bytes the header's length takes: 2 or 4. */
export function npyLengthBytes(preamble: Uint8Array): 2 | 4 {
  if (!isNpy(preamble))
    throw new DatasetError('corrupt', 'this is no NPY file: it does not begin with \\x93NUMPY');
  const [major, minor] = [preamble[6], preamble[7]];
  if (minor === 0 && major === 1) return 2;
  if (minor === 0 && (major === 2 || major === 3)) return 4;
  throw new DatasetError('unsupported', `NPY version ${major}.${minor}; 1.0, 2.0 and 3.0 are read`);
}

/** @param field the 2 or 4 bytes after the preamble. @returns the header's length in bytes. */
export function npyHeaderLength(field: Uint8Array): number {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  const length = field.byteLength === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new DatasetError(
      'too-large',
      `the NPY header claims ${length} bytes; at most ${MAX_HEADER_BYTES} are read`,
    );
  }
  return length;
}

/** Reads the header proper: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader {
  const header = parsePythonLiteral(Buffer.from(bytes).toString('utf8'));
  if (!(header instanceof Map) || header.size !== 3)
    return refuse('it must have descr, fortran_order and shape only');
  const descr = header.get('descr');
  const isFortran = header.get('fortran_order');
  const shape = header.get('shape');
  if (Array.isArray(descr)) throw new DatasetError('unsupported', 'NPY arrays of records are not read');
  if (typeof descr !== 'string') return refuse('descr must be a text');
  if (typeof isFortran !== 'boolean') return refuse('fortran_order must be True or False');
  if (!Array.isArray(shape)) return refuse('shape must be a tuple');
  const sizes = shape.map((n) => (typeof n === 'number' ? n : refuse('shape must hold whole numbers')));
  if (isFortran && sizes.length > 1) {
    throw new DatasetError(
      'unsupported',
      'the NPY array is in Fortran order; save numpy.ascontiguousarray(array) instead',
    );
  }
  return { descr, shape: sizes };
}

/** The bytes before the data, exactly as NumPy writes them (version 1.0, data aligned to 64 bytes). */
export function formatNpyHeader({ descr, shape }: NpyHeader): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const growth = shape.length === 0 ? 0 : Math.max(0, GROWTH_DIGITS - String(shape[0]).length);
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${' '.repeat(growth)}`;
  const before = NPY_PREAMBLE_BYTES + 2;
  const total = Math.ceil((before + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const length = total - before;
  const bytes = new Uint8Array(total);
  bytes.set([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  bytes.set(Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1'), before);
  return bytes;
}

function refuse(why: string): never {
  throw new DatasetError('corrupt', `the NPY header is not one: ${why}`);
}
