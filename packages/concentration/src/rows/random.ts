import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A generator (xoroshiro128+) whose whole stream follows from a seed of 32 bits. */
export function generatorOf(seed: number): RandomGenerator {
  return xoroshiro128plus(seed | 0);
}

/** The first `count` entries of a uniformly random order of 0 … n−1 (Fisher–Yates, stopped early). */
export function drawDistinct(n: number, count: number, generator: RandomGenerator): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  for (let i = 0; i < count; i++) {
    const j = uniformInt(generator, i, n - 1);
    const drawn = order[j] ?? 0;
    order[j] = order[i] ?? 0;
    order[i] = drawn;
  }
  return order.slice(0, count);
}
