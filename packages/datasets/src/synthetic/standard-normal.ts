import { compiled, ndtri } from 'cephes';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { skipN } from 'pure-rand/utils/skipN';

// cephes is WebAssembly, ready a moment after the module is loaded.
await compiled;

/** Seeds that differ in few bits begin alike; after this many numbers they do not. */
const WARM_UP = 64;

/**
 * An endless sequence of independent standard normal numbers, the same for a seed on every machine:
 * Φ⁻¹(u), where u is uniform on the multiples of 2⁻⁵³ in (0,1), from xoroshiro128+ seeded with `seed`, its first 64
 * outputs left out. Inverting Φ needs no function whose last bit an engine may choose.
 * @param seed 0…2³²−1.
 */
export function standardNormal(seed: number): () => number {
  const random = xoroshiro128plus(seed | 0);
  skipN(random, WARM_UP);
  return () => {
    let u = 0;
    while (u === 0) u = uniformFloat64(random);
    return ndtri(u);
  };
}
