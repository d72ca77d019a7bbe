/**
 * Every unordered pair of `count` blocks, a block with itself included, once, in rounds whose pairs share no
 * block: the circle method of round-robin tournaments. Pairs that follow each other can so be worked on at once.
 */
export function* blockPairs(count: number): Generator<readonly [number, number]> {
  for (let block = 0; block < count; block++) {
    yield [block, block];
  }
  // With an odd number, each round one block meets nobody.
  const players = count + (count % 2);
  const circle = players - 1;
  for (let round = 0; round < circle; round++) {
    for (let place = 0; place < players / 2; place++) {
      const one = place === 0 ? circle : (round + place) % circle;
      const other = (round + circle - place) % circle;
      if (one < count && other < count) {
        yield [Math.min(one, other), Math.max(one, other)];
      }
    }
  }
}

/** Hands out pairs so that no block is in two pairs at once, looking a little ahead for one that is free. */
export class PairQueue {
  private readonly pairs: Generator<readonly [number, number]>;
  private readonly waiting: (readonly [number, number])[] = [];
  private readonly busy = new Set<number>();

  constructor(
    count: number,
    private readonly lookAhead: number,
  ) {
    this.pairs = blockPairs(count);
  }

  /** @returns a pair whose blocks are free, from now on busy; undefined if there is none now. */
  take(): readonly [number, number] | undefined {
    while (this.waiting.length < this.lookAhead) {
      const next = this.pairs.next();
      if (next.done) {
        break;
      }
      this.waiting.push(next.value);
    }
    const index = this.waiting.findIndex(([one, other]) => !this.busy.has(one) && !this.busy.has(other));
    const [pair] = index === -1 ? [] : this.waiting.splice(index, 1);
    if (pair !== undefined) {
      this.busy.add(pair[0]).add(pair[1]);
    }
    return pair;
  }

  /** Call when the work on a pair is done. */
  release([one, other]: readonly [number, number]): void {
    this.busy.delete(one);
    this.busy.delete(other);
  }
}
