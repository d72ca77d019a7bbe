import { DatasetError } from '../dataset-error.js';
import { entriesOf, type NpyArray } from './npy-array.js';
import {
  formatNpyHeader,
  NPY_PREAMBLE_BYTES,
  npyHeaderLength,
  npyLengthBytes,
  parseNpyHeader,
} from './npy-header.js';

/** The bytes of an .npy file: those that numpy.save writes. @throws RangeError if shape and data do not fit. */
export function encodeNpy(array: NpyArray): Uint8Array {
  const entries = entriesOf(array.shape);
  if (array.data.length !== entries) {
    throw new RangeError(
      `an array of shape (${array.shape.join(', ')}) has ${entries} entries, not ${array.data.length}`,
    );
  }
  if (array.dtype !== 'text') {
    const { buffer, byteOffset, byteLength } = array.data;
    const descr = array.dtype === 'u1' ? '|u1' : `<${array.dtype}`;
    return concat(
      formatNpyHeader({ descr, shape: array.shape }),
      new Uint8Array(buffer, byteOffset, byteLength),
    );
  }
  const texts = array.data.map(codePoints);
  const width = texts.reduce((most, text) => Math.max(most, text.length), 1);
  const units = new Uint32Array(entries * width);
  texts.forEach((text, i) => {
    units.set(text, i * width);
  });
  return concat(formatNpyHeader({ descr: `<U${width}`, shape: array.shape }), new Uint8Array(units.buffer));
}

/**
 * Reads an .npy file in memory: |u1, <i4, <i8, <f4, <f8 and <U, C order, format 1.0 to 3.0.
 * @throws DatasetError for anything else, for too few bytes and for too many.
 */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  const lengthBytes = npyLengthBytes(part(bytes, 0, NPY_PREAMBLE_BYTES));
  const headerStart = NPY_PREAMBLE_BYTES + lengthBytes;
  const length = npyHeaderLength(part(bytes, NPY_PREAMBLE_BYTES, headerStart));
  const { descr, shape } = parseNpyHeader(part(bytes, headerStart, headerStart + length));
  const data = bytes.subarray(headerStart + length);
  switch (descr) {
    case '|u1':
      return { dtype: 'u1', shape, data: new Uint8Array(aligned(data, shape, 1)) };
    case '<i4':
      return { dtype: 'i4', shape, data: new Int32Array(aligned(data, shape, 4)) };
    case '<i8':
      return { dtype: 'i8', shape, data: new BigInt64Array(aligned(data, shape, 8)) };
    case '<f4':
      return { dtype: 'f4', shape, data: new Float32Array(aligned(data, shape, 4)) };
    case '<f8':
      return { dtype: 'f8', shape, data: new Float64Array(aligned(data, shape, 8)) };
    default:
      return { dtype: 'text', shape, data: decodeTexts(descr, data, shape) };
  }
}

function decodeTexts(descr: string, data: Uint8Array, shape: readonly number[]): string[] {
  const width = Number(/^<U([1-9]\d{0,5})$/.exec(descr)?.[1]);
  if (Number.isNaN(width)) {
    throw new DatasetError(
      'unsupported',
      `NPY type ${JSON.stringify(descr)}; |u1, <i4, <i8, <f4, <f8 and <U are read`,
    );
  }
  const units = new Uint32Array(aligned(data, shape, 4 * width));
  return Array.from({ length: units.length / width }, (_, i) => {
    const text = units.subarray(i * width, (i + 1) * width);
    const end = text.findLastIndex((unit) => unit !== 0) + 1;
    return Array.from(text.subarray(0, end), toCharacter).join('');
  });
}

function toCharacter(unit: number): string {
  if (unit > 0x10ffff) throw new DatasetError('corrupt', `${unit} is no Unicode code point`);
  return String.fromCodePoint(unit);
}

function codePoints(text: string): number[] {
  if (text.endsWith('\0')) throw new RangeError('NumPy cannot keep a text that ends with a null character');
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes.byteLength >= end) return bytes.subarray(start, end);
  throw new DatasetError('truncated', `the NPY file ends after ${bytes.byteLength} bytes, within its header`);
}

/** A copy of the data that typed arrays can look at, once its size is known to be right. */
function aligned(data: Uint8Array, shape: readonly number[], itemBytes: number): ArrayBuffer {
  const expected = entriesOf(shape) * itemBytes;
  if (data.byteLength !== expected) {
    throw new DatasetError(
      data.byteLength < expected ? 'truncated' : 'trailing-bytes',
      `an NPY array of shape (${shape.join(', ')}) has ${expected} bytes, not ${data.byteLength}`,
    );
  }
  return new Uint8Array(data).buffer;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
