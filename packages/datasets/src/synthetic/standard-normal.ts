import { compiled, ndtri } from 'cephes';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { generatorFor } from '../random.js';

// cephes is WebAssembly, ready a moment after the module is loaded.
await compiled;

/**
 * An endless sequence of independent standard normal numbers, the same for a seed on every machine:
 * Φ⁻¹(u), where u is uniform on the multiples of 2⁻⁵³ in (0,1). Inverting Φ needs no function whose last bit an engine may choose.
 * @param seed 0…2³²−1.
 */
export function standardNormal(seed: number): () => number {
  const random = generatorFor(`standard normal ${seed}`);
  return () => {
    let u = 0;
    while (u === 0) u = uniformFloat64(random);
    return ndtri(u);
  };
}
