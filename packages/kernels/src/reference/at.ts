/** `values[index]`, sure to be there. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) {
    throw new RangeError(`index ${index} lies outside ${values.length} values`);
  }
  return value;
}
