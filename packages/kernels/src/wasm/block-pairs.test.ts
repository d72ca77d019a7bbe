import { describe, expect, it } from 'vitest';
import { blockPairs, PairQueue } from './block-pairs.js';

describe('blockPairs', () => {
  it.each([0, 1, 2, 3, 4, 7, 30, 31])('has every pair of %i blocks once', (count) => {
    const pairs = [...blockPairs(count)].map(([one, other]) => `${one} ${other}`);
    const expected = Array.from({ length: count }, (_, one) =>
      Array.from({ length: count - one }, (_, more) => `${one} ${one + more}`),
    ).flat();
    expect(pairs.toSorted()).toEqual(expected.toSorted());
  });
});

describe('PairQueue', () => {
  it('keeps the blocks of pairs that are worked on apart, and forgets none', () => {
    const queue = new PairQueue(9, 6);
    const working: (readonly [number, number])[] = [];
    const done = new Set<string>();
    for (;;) {
      const pair = working.length < 3 ? queue.take() : undefined;
      if (pair === undefined) {
        const finished = working.shift();
        if (finished === undefined) {
          break;
        }
        queue.release(finished);
        done.add(finished.join());
      } else {
        const busy = working.flat();
        expect(busy).not.toContain(pair[0]);
        expect(busy).not.toContain(pair[1]);
        working.push(pair);
      }
    }
    expect(done.size).toBe(45);
  });
});
