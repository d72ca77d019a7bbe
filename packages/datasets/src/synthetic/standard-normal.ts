import { createHash } from 'node:crypto';
import { compiled, ndtri } from 'cephes';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

// cephes is WebAssembly, ready a moment after the module is loaded.
await compiled;

/**
 * An endless sequence of independent standard normal numbers, the same for a seed on every machine:
 * Φ⁻¹(u), where u is uniform on the multiples of 2⁻⁵³ in (0,1), from xoroshiro128+. Its state is the first 16
 * bytes, as four little-endian numbers, of the SHA-256 of the text "levy standard normal SEED": seeds that are
 * close would otherwise begin alike. Inverting Φ needs no function whose last bit an engine may choose.
 * @param seed 0…2³²−1.
 */
export function standardNormal(seed: number): () => number {
  const digest = createHash('sha256').update(`levy standard normal ${seed}`).digest();
  const random = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  return () => {
    let u = 0;
    while (u === 0) u = uniformFloat64(random);
    return ndtri(u);
  };
}
