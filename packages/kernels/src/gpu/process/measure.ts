import type { Distance } from '../../engine.js';
import { l1Pair, l1Single, linfSingle, squaredPair, squaredSingle } from '../kernels/distances.js';
import type { DeviceMatrix } from './device-matrix.js';
import type { KernelSource } from './runner.js';

/**
 * How distances of one kind stand on the device, and their codes: whole numbers in the order of the distances, by which
 * the host seeks among them. On bytes a code is the distance, on floats the bits of the float.
 */
export interface Measure {
  readonly kernel: KernelSource;
  readonly dtype: 'u1' | 'f4';
  /** One number a distance, or two: high·4096 + low. */
  readonly layout: 'single' | 'pair';
  /** The largest code there can be. */
  readonly most: number;
  /** Of single distances: the float of a code and the code of a float. */
  toFloat(code: number): number;
  toCode(float: number): number;
}

/** Whole numbers that a float32 holds with all below them. */
const EXACT = 2 ** 24;
const INFINITY_BITS = 0x7f80_0000;

export function measureOf({ dtype, columns }: DeviceMatrix, distance: Distance): Measure {
  if (dtype === 'f4') {
    const kernel = { l1: l1Single, 'squared-l2': squaredSingle, linf: linfSingle }[distance];
    return {
      kernel,
      dtype,
      layout: 'single',
      most: INFINITY_BITS,
      toFloat: floatOfBits,
      toCode: bitsOfFloat,
    };
  }
  const most = { l1: 255 * columns, 'squared-l2': 255 ** 2 * columns, linf: 255 }[distance];
  const same = (number: number) => number;
  const wide = most >= EXACT;
  const kernels = {
    l1: wide ? l1Pair : l1Single,
    'squared-l2': wide ? squaredPair : squaredSingle,
    linf: linfSingle,
  };
  const layout = wide ? 'pair' : 'single';
  return { kernel: kernels[distance], dtype, layout, most, toFloat: same, toCode: same };
}

const word = new DataView(new ArrayBuffer(4));

function floatOfBits(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

/** @param float not negative */
function bitsOfFloat(float: number): number {
  word.setFloat32(0, float);
  return word.getInt32(0);
}
