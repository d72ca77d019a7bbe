import { EngineError } from '../engine.js';
import type { Done } from './device-process.js';

/** An array of a device's answer, of the type and length that it must have. */
export function intsOf({ arrays }: Done, index: number, length?: number): Int32Array {
  const array = arrays[index];
  if (array instanceof Int32Array && (length === undefined || array.length === length)) return array;
  throw misfit(index);
}

export function doublesOf({ arrays }: Done, index: number, length: number): Float64Array {
  const array = arrays[index];
  if (array instanceof Float64Array && array.length === length) return array;
  throw misfit(index);
}

/** Int32Array on bytes, Float32Array on floats. */
export function valuesOf(
  { arrays }: Done,
  index: number,
  dtype: 'u1' | 'f4',
  length?: number,
): Int32Array | Float32Array {
  const array = arrays[index];
  const fits = dtype === 'u1' ? array instanceof Int32Array : array instanceof Float32Array;
  if (fits && !(array instanceof Float64Array) && array !== undefined) {
    if (length === undefined || array.length === length) return array;
  }
  throw misfit(index);
}

function misfit(index: number): EngineError {
  return new EngineError('device', `the device process answered a wrong array ${index}`);
}
