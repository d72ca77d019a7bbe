import { distances, prepare, preparedStride, TILE, TILE_STRIDE } from './tile';

/** Above every distance, as an int32 and as the bits of a float32; as in src/wasm/neighbour-radii.ts. */
const NONE: i32 = i32.MAX_VALUE;

/**
 * Distances between rows iStart…iEnd and jStart…jEnd, each pair once, given to the selections of both.
 *
 * A row's selection is a list of the distances that may be among its k smallest. Whenever it is full it is cut
 * down to its k smallest, and from then on only what is below the largest of them, the row's bar, is let in.
 * Bars lie side by side, so that one comparison of four lanes turns most distances away. Distances are compared
 * as int32: the bits of non-negative floats are in the order of the floats.
 *
 * @param lists `capacity` places a row, more than k or as many as there are rows
 * @param counts how many places of its list each row has filled; at first 0
 * @param bars at first NONE for every row, and for three beyond the last
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
  lists: usize,
  capacity: i32,
  k: i32,
  counts: usize,
  bars: usize,
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
      offerToRows(tile, aCount, bCount, i, lists, capacity, k, counts, bars);
      if (i != j) {
        offerToColumns(tile, aCount, bCount, j, lists, capacity, k, counts, bars);
      }
    }
  }
}

/** Makes the bars of rows start…end, which have met every row, their k-th smallest distances. */
export function neighbourBars(
  start: i32, end: i32, lists: usize, capacity: i32, k: i32, counts: usize, bars: usize,
): void {
  for (let row = start; row < end; row++) {
    const count = load<i32>(counts + (<usize>row << 2));
    store<i32>(bars + (<usize>row << 2), keepSmallest(listOf(lists, capacity, row), count, k));
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

// @ts-ignore: decorator
@inline
function listOf(lists: usize, capacity: i32, row: i32): usize {
  return lists + <usize>row * (<usize>capacity << 2);
}

function offerToRows(
  tile: usize,
  aCount: i32,
  bCount: i32,
  first: i32,
  lists: usize,
  capacity: i32,
  k: i32,
  counts: usize,
  bars: usize,
): void {
  for (let row = 0; row < aCount; row++) {
    const line = tile + <usize>row * TILE_STRIDE;
    const barAt = bars + (<usize>(first + row) << 2);
    let bar = v128.load32_splat(barAt);
    for (let column = 0; column < bCount; column += 4) {
      let nearer = i32x4.bitmask(i32x4.lt_s(v128.load(line + (<usize>column << 2)), bar));
      if (nearer != 0) {
        do {
          const value = load<i32>(line + (<usize>(column + ctz(nearer)) << 2));
          admit(value, first + row, lists, capacity, k, counts, barAt);
          nearer &= nearer - 1;
        } while (nearer != 0);
        bar = v128.load32_splat(barAt);
      }
    }
  }
}

function offerToColumns(
  tile: usize,
  aCount: i32,
  bCount: i32,
  first: i32,
  lists: usize,
  capacity: i32,
  k: i32,
  counts: usize,
  bars: usize,
): void {
  for (let column = 0; column < bCount; column += 4) {
    const barsAt = bars + (<usize>(first + column) << 2);
    let four = v128.load(barsAt);
    for (let row = 0; row < aCount; row++) {
      const line = tile + <usize>row * TILE_STRIDE + (<usize>column << 2);
      let nearer = i32x4.bitmask(i32x4.lt_s(v128.load(line), four));
      if (nearer != 0) {
        do {
          const lane = ctz(nearer);
          const offset = <usize>lane << 2;
          admit(load<i32>(line + offset), first + column + lane, lists, capacity, k, counts, barsAt + offset);
          nearer &= nearer - 1;
        } while (nearer != 0);
        four = v128.load(barsAt);
      }
    }
  }
}

/** Adds a distance to a row's list, and cuts the list down if that fills it. */
function admit(
  value: i32, row: i32, lists: usize, capacity: i32, k: i32, counts: usize, barAt: usize,
): void {
  const list = listOf(lists, capacity, row);
  const countAt = counts + (<usize>row << 2);
  // Within four lanes the bar may have sunk under the value, and the list be full for good (k of k rows).
  if (value >= load<i32>(barAt)) {
    return;
  }
  let count = load<i32>(countAt);
  store<i32>(list + (<usize>count << 2), value);
  count += 1;
  if (count == capacity) {
    store<i32>(barAt, keepSmallest(list, count, k));
    count = k;
  }
  store<i32>(countAt, count);
}

/**
 * Brings the k smallest of `count` numbers to the front, by Hoare's selection: parts around the middle one of
 * three, and goes on in the part that holds place k − 1. @returns the k-th smallest.
 */
export function keepSmallest(list: usize, count: i32, k: i32): i32 {
  const place = k - 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = middleOf(at(list, low), at(list, (low + high) >> 1), at(list, high));
    let i = low;
    let j = high;
    while (i <= j) {
      while (at(list, i) < pivot) {
        i++;
      }
      while (at(list, j) > pivot) {
        j--;
      }
      if (i <= j) {
        const value = at(list, i);
        store<i32>(list + (<usize>i << 2), at(list, j));
        store<i32>(list + (<usize>j << 2), value);
        i++;
        j--;
      }
    }
    if (place <= j) {
      high = j;
    } else if (place >= i) {
      low = i;
    } else {
      break;
    }
  }
  return at(list, place);
}

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function middleOf(a: i32, b: i32, c: i32): i32 {
  return max(min(a, b), min(max(a, b), c));
}
