/** Whole numbers as high·4096 + low with 0 ≤ low < 4096, next to each other: float32 holds both exactly. */
export function splitWhole(numbers: ArrayLike<number>): Float32Array {
  const split = new Float32Array(2 * numbers.length);
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] ?? 0;
    const high = Math.floor(number / 4096);
    split[2 * index] = high;
    split[2 * index + 1] = number - 4096 * high;
  }
  return split;
}

/** Three numbers that a kernel answered, low + middle·2¹² + high·2²⁴: exact in float64. */
export function joinWhole(limbs: Float32Array, at: number): number {
  return (limbs[at] ?? 0) + (limbs[at + 1] ?? 0) * 2 ** 12 + (limbs[at + 2] ?? 0) * 2 ** 24;
}
