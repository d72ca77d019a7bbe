/** An array as NumPy stores it, row-major. Text is NumPy's `<U`; a scalar has the shape `[]` and one entry. */
export type NpyArray =
  | { readonly dtype: 'u1'; readonly shape: readonly number[]; readonly data: Uint8Array }
  | { readonly dtype: 'i4'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'i8'; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: 'f4'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'f8'; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly dtype: 'text'; readonly shape: readonly number[]; readonly data: readonly string[] };

export type NpyDtype = NpyArray['dtype'];

/** A scalar text, as in the `kind` of a region file. */
export function npyText(text: string): NpyArray {
  return { dtype: 'text', shape: [], data: [text] };
}

/** Number of entries of an array of this shape. */
export function entriesOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
