import { distanceBlock, keepSmallest } from './neighbours';

/**
 * The lists of nearest rows and the counts of rows within reach (src/wasm/neighbourhoods.ts says how the tasks of a
 * block of rows follow each other). Distances are compared as int32, floats by their bits.
 */

const NONE: i32 = i32.MAX_VALUE;
const GROUP_END: i32 = i32.MIN_VALUE;
/** Slots of the table that leads from a distance to where its count is; as in src/wasm/neighbourhoods.ts. */
const TABLE_BITS: i32 = 10;
const FEW: usize = 16 << 3;

/**
 * Distances from rows iStart…iEnd to all `rows`, and of each line of them the count-th smallest and how many are not
 * above it.
 * @param lines (iEnd − iStart) × rows numbers, kept for the tasks that follow
 * @param list `capacity` places, more than count
 */
export function neighbourhoodBars(
  kind: i32,
  points: usize,
  stride: usize,
  iStart: i32,
  iEnd: i32,
  rows: i32,
  count: i32,
  lines: usize,
  bars: usize,
  lengths: usize,
  list: usize,
  capacity: i32,
  norms: usize,
  wide: usize,
  tile: usize,
): void {
  distanceBlock(kind, points, points, stride, iStart, iEnd, 0, rows, lines, norms, wide, tile);
  for (let i = 0; i < iEnd - iStart; i++) {
    const line = lines + <usize>i * (<usize>rows << 2);
    const bar = smallest(line, rows, count, list, capacity);
    store<i32>(bars + (<usize>i << 2), bar);
    store<i32>(lengths + (<usize>i << 2), countUpTo(line, rows, bar));
  }
}

/**
 * Lists each line's rows up to its bar by (distance, row).
 * @param starts where each line's entries start, and where the last one's end
 * @param ids as many places as there are entries
 * @param keys 8 bytes an entry; the distances stand in its first half afterwards
 */
export function neighbourhoodEntries(
  lines: usize, lineCount: i32, rows: i32, bars: usize, starts: usize, ids: usize, keys: usize,
): void {
  for (let i = 0; i < lineCount; i++) {
    const start = <usize>load<i32>(starts + (<usize>i << 2));
    const end = <usize>load<i32>(starts + (<usize>(i + 1) << 2));
    const line = lines + <usize>i * (<usize>rows << 2);
    collect(line, rows, load<i32>(bars + (<usize>i << 2)), keys + (start << 3));
    sort(keys + (start << 3), keys + (end << 3) - 8);
    // Keys before `entry` have been read: their first half may be written over.
    for (let entry = start; entry < end; entry++) {
      const key = load<i64>(keys + (entry << 3));
      const value = <i32>(key >> 32);
      const last = entry + 1 == end || <i32>(load<i64>(keys + ((entry + 1) << 3)) >> 32) != value;
      store<i32>(ids + (entry << 2), <i32>key | (last ? GROUP_END : 0));
      store<i32>(keys + (entry << 2), value);
    }
  }
}

/**
 * Adds `by` where each distance of a line is counted: at the line's first entry whose limit it does not exceed.
 * @param table 2^TABLE_BITS + 1 numbers
 */
export function neighbourhoodCounts(
  lines: usize,
  lineCount: i32,
  columns: i32,
  starts: usize,
  limits: usize,
  reached: usize,
  table: usize,
  by: i32,
): void {
  for (let i = 0; i < lineCount; i++) {
    const start = load<i32>(starts + (<usize>i << 2));
    const end = load<i32>(starts + (<usize>(i + 1) << 2));
    const line = lines + <usize>i * (<usize>columns << 2);
    countLine(line, columns, start, end, limits, reached, table, by);
  }
}

/** Adds `by` to what neighbourhoods iStart…iEnd reach for every row of `queries`. @param lines room for their distances */
export function neighbourhoodRecount(
  kind: i32,
  points: usize,
  queries: usize,
  stride: usize,
  iStart: i32,
  iEnd: i32,
  queryCount: i32,
  lines: usize,
  norms: usize,
  wide: usize,
  tile: usize,
  starts: usize,
  limits: usize,
  reached: usize,
  table: usize,
  by: i32,
): void {
  distanceBlock(kind, points, queries, stride, iStart, iEnd, 0, queryCount, lines, norms, wide, tile);
  neighbourhoodCounts(lines, iEnd - iStart, queryCount, starts, limits, reached, table, by);
}

function smallest(line: usize, rows: i32, count: i32, list: usize, capacity: i32): i32 {
  let bar = NONE;
  let filled = 0;
  const whole = rows & ~3;
  for (let x = 0; x < whole; x += 4) {
    let nearer = i32x4.bitmask(i32x4.lt_s(v128.load(line + (<usize>x << 2)), i32x4.splat(bar)));
    while (nearer != 0) {
      store<i32>(list + (<usize>filled << 2), load<i32>(line + (<usize>(x + ctz(nearer)) << 2)));
      nearer &= nearer - 1;
      filled += 1;
      if (filled == capacity) {
        bar = keepSmallest(list, filled, count);
        filled = count;
      }
    }
  }
  for (let x = whole; x < rows; x++) {
    store<i32>(list + (<usize>filled << 2), load<i32>(line + (<usize>x << 2)));
    filled += 1;
    if (filled == capacity) {
      keepSmallest(list, filled, count);
      filled = count;
    }
  }
  return keepSmallest(list, filled, count);
}

function countUpTo(line: usize, rows: i32, bar: i32): i32 {
  let count = 0;
  const whole = rows & ~3;
  const four = i32x4.splat(bar);
  for (let x = 0; x < whole; x += 4) {
    count += 4 - popcnt(i32x4.bitmask(i32x4.gt_s(v128.load(line + (<usize>x << 2)), four)));
  }
  for (let x = whole; x < rows; x++) {
    count += i32(load<i32>(line + (<usize>x << 2)) <= bar);
  }
  return count;
}

function collect(line: usize, rows: i32, bar: i32, to: usize): void {
  const whole = rows & ~3;
  const four = i32x4.splat(bar);
  for (let x = 0; x < whole; x += 4) {
    let near = i32x4.bitmask(i32x4.le_s(v128.load(line + (<usize>x << 2)), four));
    while (near != 0) {
      const id = x + ctz(near);
      store<i64>(to, (<i64>load<i32>(line + (<usize>id << 2)) << 32) | <i64>id);
      near &= near - 1;
      to += 8;
    }
  }
  for (let x = whole; x < rows; x++) {
    const value = load<i32>(line + (<usize>x << 2));
    if (value <= bar) {
      store<i64>(to, (<i64>value << 32) | <i64>x);
      to += 8;
    }
  }
}

/** Sorts the numbers at low … high, ascending: Hoare's sort on the smaller part first, a few by insertion. */
function sort(low: usize, high: usize): void {
  while (high > low && high - low > FEW) {
    const middle = low + (((high - low) >> 4) << 3);
    const pivot = middleOf(load<i64>(low), load<i64>(middle), load<i64>(high));
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<i64>(i) < pivot) {
        i += 8;
      }
      while (load<i64>(j) > pivot) {
        j -= 8;
      }
      if (i <= j) {
        const value = load<i64>(i);
        store<i64>(i, load<i64>(j));
        store<i64>(j, value);
        i += 8;
        j -= 8;
      }
    }
    if (j - low < high - i) {
      sort(low, j);
      low = i;
    } else {
      sort(i, high);
      high = j;
    }
  }
  for (let i = low + 8; i <= high; i += 8) {
    const value = load<i64>(i);
    let j = i;
    while (j > low && load<i64>(j - 8) > value) {
      store<i64>(j, load<i64>(j - 8));
      j -= 8;
    }
    store<i64>(j, value);
  }
}

// @ts-ignore: decorator
@inline
function middleOf(a: i64, b: i64, c: i64): i64 {
  return max(min(a, b), min(max(a, b), c));
}

/**
 * A slot of the table holds the first entry whose limit is not under the slot's least value, so that the entry of a
 * distance lies between its slot's and the next one's.
 */
function countLine(
  line: usize,
  columns: i32,
  start: i32,
  end: i32,
  limits: usize,
  reached: usize,
  table: usize,
  by: i32,
): void {
  const first = load<i32>(limits + (<usize>start << 2));
  const last = load<i32>(limits + (<usize>(end - 1) << 2));
  const span = <u32>(last - first);
  const shift = <u32>max(0, 32 - <i32>clz(span) - TABLE_BITS);
  const slots = span >> shift;
  let entry = start;
  for (let slot: u32 = 0; slot <= slots; slot++) {
    while (<u32>(load<i32>(limits + (<usize>entry << 2)) - first) < slot << shift) {
      entry += 1;
    }
    store<i32>(table + (<usize>slot << 2), entry);
  }
  store<i32>(table + (<usize>(slots + 1) << 2), end - 1);
  for (let x = 0; x < columns; x++) {
    const distance = load<i32>(line + (<usize>x << 2));
    if (distance > last) {
      continue;
    }
    let low = start;
    if (distance > first) {
      const beyond = <u32>(distance - first);
      const slot = table + (<usize>(beyond >> shift) << 2);
      low = load<i32>(slot);
      let high = load<i32>(slot, 4);
      while (low < high) {
        const middle = (low + high) >> 1;
        if (load<i32>(limits + (<usize>middle << 2)) < distance) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
    }
    const at = reached + (<usize>low << 2);
    store<i32>(at, load<i32>(at) + by);
  }
}
