import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A generator (xoroshiro128+) for one purpose, such as "k-means 7". Its state is the first 16 bytes of the SHA-256 of
 * the text, as four little-endian numbers: neighbouring seeds would otherwise begin alike, and restarts count on
 * theirs being unrelated.
 */
export function generatorFor(purpose: string): RandomGenerator {
  const digest = createHash('sha256').update(`levy ${purpose}`).digest();
  return xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
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
