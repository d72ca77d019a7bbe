import { distances, prepare, preparedStride, TILE, TILE_STRIDE } from './tile';

/** Above every distance, as an int32 and as the bits of a float32. */
const NONE: i32 = i32.MAX_VALUE;

/** Fills `count` 32-bit places. */
export function fill(at: usize, count: i32, value: i32): void {
  for (let i = 0; i < count; i++) {
    store<i32>(at + (<usize>i << 2), value);
  }
}

/**
 * Distances between rows iStart…iEnd and jStart…jEnd, each pair once, given to the selections of both.
 *
 * A row's selection is a heap of its k smallest distances so far, the largest on top; `tops` repeats the tops
 * side by side, so that one comparison of four lanes turns most distances away. Distances are compared as
 * int32: the bits of non-negative floats are in the order of the floats.
 *
 * @param norms iEnd − iStart and then TILE numbers (rounded up to 4)
 * @param wide room for as many widened rows, where the kind needs them
 * @param tile TILE × TILE numbers
 */
export function neighbourBlocks(
  kind: i32,
  points: usize,
  stride: usize,
  iStart: i32,
  iEnd: i32,
  jStart: i32,
  jEnd: i32,
  heaps: usize,
  k: i32,
  tops: usize,
  norms: usize,
  wide: usize,
  tile: usize,
): void {
  const iCount = iEnd - iStart;
  const step = preparedStride(kind, stride);
  const jNorms = norms + (<usize>((iCount + 3) & ~3) << 2);
  const jWide = wide + <usize>iCount * step;
  const a = prepare(kind, points + <usize>iStart * stride, stride, iCount, norms, wide);
  for (let j = jStart; j < jEnd; j += TILE) {
    const bCount = min(TILE, jEnd - j);
    const b = prepare(kind, points + <usize>j * stride, stride, bCount, jNorms, jWide);
    // Within one block the tiles below the diagonal are the ones above it again.
    const last = iStart == jStart ? min(iEnd, j + TILE) : iEnd;
    for (let i = iStart; i < last; i += TILE) {
      const offset = <usize>(i - iStart);
      const aCount = min(TILE, iEnd - i);
      distances(kind, a + offset * step, aCount, norms + (offset << 2), b, bCount, jNorms, step, tile);
      hideBeyond(tile, aCount, bCount);
      offerToRows(tile, aCount, bCount, i, heaps, k, tops);
      if (i != j) {
        offerToColumns(tile, aCount, bCount, j, heaps, k, tops);
      }
    }
  }
}

/** Distances from rows iStart…iEnd of `queries` to rows jStart…jEnd of `points`, to `out` without gaps. */
export function distanceBlock(
  kind: i32,
  queries: usize,
  points: usize,
  stride: usize,
  iStart: i32,
  iEnd: i32,
  jStart: i32,
  jEnd: i32,
  out: usize,
  norms: usize,
  wide: usize,
  tile: usize,
): void {
  const iCount = iEnd - iStart;
  const step = preparedStride(kind, stride);
  const jNorms = norms + (<usize>((iCount + 3) & ~3) << 2);
  const jWide = wide + <usize>iCount * step;
  const outStride = <usize>(jEnd - jStart) << 2;
  const a = prepare(kind, queries + <usize>iStart * stride, stride, iCount, norms, wide);
  for (let j = jStart; j < jEnd; j += TILE) {
    const bCount = min(TILE, jEnd - j);
    const b = prepare(kind, points + <usize>j * stride, stride, bCount, jNorms, jWide);
    for (let i = 0; i < iCount; i += TILE) {
      const aCount = min(TILE, iCount - i);
      distances(
        kind, a + <usize>i * step, aCount, norms + (<usize>i << 2), b, bCount, jNorms, step, tile,
      );
      for (let row = 0; row < aCount; row++) {
        memory.copy(
          out + <usize>(i + row) * outStride + (<usize>(j - jStart) << 2),
          tile + <usize>row * TILE_STRIDE,
          <usize>bCount << 2,
        );
      }
    }
  }
}

/** Puts NONE where a tile at the edge has no distance but scans of four lanes will look. */
function hideBeyond(tile: usize, aCount: i32, bCount: i32): void {
  const end = (bCount + 3) & ~3;
  for (let column = bCount; column < end; column++) {
    for (let row = 0; row < aCount; row++) {
      store<i32>(tile + <usize>row * TILE_STRIDE + (<usize>column << 2), NONE);
    }
  }
}

function offerToRows(
  tile: usize, aCount: i32, bCount: i32, first: i32, heaps: usize, k: i32, tops: usize,
): void {
  for (let row = 0; row < aCount; row++) {
    const at = tops + (<usize>(first + row) << 2);
    const heap = heaps + <usize>(first + row) * (<usize>k << 2);
    const line = tile + <usize>row * TILE_STRIDE;
    let top = load<i32>(at);
    let bar = i32x4.splat(top);
    for (let column = 0; column < bCount; column += 4) {
      const four = v128.load(line + (<usize>column << 2));
      let nearer = i32x4.bitmask(i32x4.lt_s(four, bar));
      if (nearer != 0) {
        do {
          const value = load<i32>(line + (<usize>(column + ctz(nearer)) << 2));
          if (value < top) {
            top = replaceTop(heap, k, value);
          }
          nearer &= nearer - 1;
        } while (nearer != 0);
        bar = i32x4.splat(top);
      }
    }
    store<i32>(at, top);
  }
}

function offerToColumns(
  tile: usize, aCount: i32, bCount: i32, first: i32, heaps: usize, k: i32, tops: usize,
): void {
  for (let column = 0; column < bCount; column += 4) {
    const at = tops + (<usize>(first + column) << 2);
    let bars = v128.load(at);
    for (let row = 0; row < aCount; row++) {
      const line = tile + <usize>row * TILE_STRIDE + (<usize>column << 2);
      let nearer = i32x4.bitmask(i32x4.lt_s(v128.load(line), bars));
      if (nearer != 0) {
        do {
          const lane = <usize>ctz(nearer);
          const heap = heaps + (<usize>(first + column) + lane) * (<usize>k << 2);
          store<i32>(at + (lane << 2), replaceTop(heap, k, load<i32>(line + (lane << 2))));
          nearer &= nearer - 1;
        } while (nearer != 0);
        bars = v128.load(at);
      }
    }
  }
}

/** Puts `value`, smaller than the top, in its place. @returns the new top. */
function replaceTop(heap: usize, k: i32, value: i32): i32 {
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= k) {
      break;
    }
    let larger = load<i32>(heap + (<usize>child << 2));
    if (child + 1 < k) {
      const right = load<i32>(heap + (<usize>(child + 1) << 2));
      if (right > larger) {
        larger = right;
        child += 1;
      }
    }
    if (larger <= value) {
      break;
    }
    store<i32>(heap + (<usize>place << 2), larger);
    place = child;
  }
  store<i32>(heap + (<usize>place << 2), value);
  return load<i32>(heap);
}
