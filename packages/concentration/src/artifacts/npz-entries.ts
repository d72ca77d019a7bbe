import { decodeNpz, type NpyArray } from '@levy/datasets';

type DtypeArray<D extends NpyArray['dtype']> = Extract<NpyArray, { readonly dtype: D }>;

/** The arrays of an NPZ file, taken by name and type: RangeError for what is missing or of another type. */
export class NpzEntries {
  private constructor(readonly arrays: ReadonlyMap<string, NpyArray>) {}

  static async read(bytes: Uint8Array): Promise<NpzEntries> {
    return new NpzEntries(await decodeNpz(bytes));
  }

  has(name: string): boolean {
    return this.arrays.has(name);
  }

  take(name: string): NpyArray {
    const array = this.arrays.get(name);
    if (array === undefined)
      throw new RangeError(`there is no array "${name}"; found: ${[...this.arrays.keys()].join(', ')}`);
    return array;
  }

  u1(name: string): DtypeArray<'u1'> {
    const array = this.take(name);
    return array.dtype === 'u1' ? array : mismatch(name, 'u1', array);
  }

  i4(name: string): DtypeArray<'i4'> {
    const array = this.take(name);
    return array.dtype === 'i4' ? array : mismatch(name, 'i4', array);
  }

  i8(name: string): DtypeArray<'i8'> {
    const array = this.take(name);
    return array.dtype === 'i8' ? array : mismatch(name, 'i8', array);
  }

  f4(name: string): DtypeArray<'f4'> {
    const array = this.take(name);
    return array.dtype === 'f4' ? array : mismatch(name, 'f4', array);
  }

  f8(name: string): DtypeArray<'f8'> {
    const array = this.take(name);
    return array.dtype === 'f8' ? array : mismatch(name, 'f8', array);
  }

  /** A scalar text. */
  text(name: string): string {
    const array = this.take(name);
    const text = array.dtype === 'text' ? array.data[0] : undefined;
    return text ?? mismatch(name, 'a text', array);
  }

  /** A scalar integer. */
  integer(name: string): bigint {
    const value = this.i8(name).data[0];
    if (value === undefined) throw new RangeError(`the array "${name}" is empty`);
    return value;
  }
}

function mismatch(name: string, wanted: string, found: NpyArray): never {
  throw new RangeError(
    `the array "${name}" should be ${wanted}, but it is ${found.dtype} of shape (${found.shape.join(', ')})`,
  );
}
