import { distances, L1_BYTES, prepare, TILE, TILE_STRIDE } from './tile';

/** Covers the rounding of float64 in bounds that only decide what is looked at exactly. */
const SLACK: f64 = 1e-3;

/**
 * Nearest centres of byte rows start…end, exact. A centre is sum/count; the distance Σ_j |count·x_j − sum_j| / count.
 *
 * Rounded to bytes, centre t is at most errors[t] away from itself, so the fast distance to the rounded centre
 * bounds the true one from both sides. Only centres whose lower bound reaches the nearest one found so far are
 * summed exactly and compared as fractions in 64 bits.
 *
 * @param rounded T rows of bytes at `stride`
 * @param counts T int32; sums T × stride int32; errors T float64: Σ_j |sum_j/count − rounded_j|
 * @param labels, results int32 and float64, one a row from `start` on
 * @param norms TILE + TILE numbers
 * @param tile TILE × TILE numbers
 * @param rough TILE × T numbers
 */
export function centresOnBytes(
  points: usize,
  stride: usize,
  start: i32,
  end: i32,
  T: i32,
  rounded: usize,
  counts: usize,
  sums: usize,
  errors: usize,
  labels: usize,
  results: usize,
  norms: usize,
  tile: usize,
  rough: usize,
): void {
  const tNorms = norms + (<usize>TILE << 2);
  for (let i = start; i < end; i += TILE) {
    const rows = min(TILE, end - i);
    const a = prepare(L1_BYTES, points + <usize>i * stride, stride, rows, norms, 0);
    for (let t = 0; t < T; t += TILE) {
      const some = min(TILE, T - t);
      const b = prepare(L1_BYTES, rounded + <usize>t * stride, stride, some, tNorms, 0);
      distances(L1_BYTES, a, rows, norms, b, some, tNorms, stride, tile);
      for (let row = 0; row < rows; row++) {
        const to = rough + (<usize>(row * T + t) << 2);
        memory.copy(to, tile + <usize>row * TILE_STRIDE, <usize>some << 2);
      }
    }
    for (let row = 0; row < rows; row++) {
      const x = a + <usize>row * stride;
      const place = <usize>(i - start + row);
      choose(x, stride, T, rough + (<usize>(row * T) << 2), counts, sums, errors, labels + (place << 2), results + (place << 3));
    }
  }
}

function choose(
  x: usize,
  stride: usize,
  T: i32,
  rough: usize,
  counts: usize,
  sums: usize,
  errors: usize,
  label: usize,
  result: usize,
): void {
  let least = Infinity;
  let first = 0;
  for (let t = 0; t < T; t++) {
    const upper = <f64>load<i32>(rough + (<usize>t << 2)) + load<f64>(errors + (<usize>t << 3));
    if (upper < least) {
      least = upper;
      first = t;
    }
  }
  let best = first;
  let bestCount = <u64>load<i32>(counts + (<usize>first << 2));
  let bestSum = exact(x, stride, <i32>bestCount, sums + <usize>first * (stride << 2));
  least = <f64>bestSum / <f64>bestCount;
  for (let t = 0; t < T; t++) {
    const lower = <f64>load<i32>(rough + (<usize>t << 2)) - load<f64>(errors + (<usize>t << 3));
    if (t == first || lower > least + SLACK) {
      continue;
    }
    const count = <u64>load<i32>(counts + (<usize>t << 2));
    const sum = exact(x, stride, <i32>count, sums + <usize>t * (stride << 2));
    const ours = sum * bestCount;
    const theirs = bestSum * count;
    if (ours < theirs || (ours == theirs && t < best)) {
      best = t;
      bestCount = count;
      bestSum = sum;
      least = <f64>sum / <f64>count;
    }
  }
  store<i32>(label, best);
  store<f64>(result, <f64>bestSum / <f64>bestCount);
}

/** Σ_j |count·x_j − sum_j|, in 32-bit lanes that are emptied before they can overflow. */
function exact(x: usize, stride: usize, count: i32, sums: usize): u64 {
  const factor = i32x4.splat(count);
  // Two terms of at most 255·count go into a lane at every step.
  const limit = <usize>(0xffff_ffff / (510 * <u32>count)) << 4;
  let all = i64x2.splat(0);
  for (let p: usize = 0; p < stride; ) {
    const end = min(p + limit, stride);
    let s0 = i32x4.splat(0);
    let s1 = i32x4.splat(0);
    for (; p < end; p += 16) {
      const bytes = v128.load(x + p);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      const at = sums + (p << 2);
      s0 = i32x4.add(s0, apart(i32x4.extend_low_i16x8_u(low), factor, v128.load(at)));
      s1 = i32x4.add(s1, apart(i32x4.extend_high_i16x8_u(low), factor, v128.load(at, 16)));
      s0 = i32x4.add(s0, apart(i32x4.extend_low_i16x8_u(high), factor, v128.load(at, 32)));
      s1 = i32x4.add(s1, apart(i32x4.extend_high_i16x8_u(high), factor, v128.load(at, 48)));
    }
    all = i64x2.add(all, i64x2.add(i64x2.extend_low_i32x4_u(s0), i64x2.extend_high_i32x4_u(s0)));
    all = i64x2.add(all, i64x2.add(i64x2.extend_low_i32x4_u(s1), i64x2.extend_high_i32x4_u(s1)));
  }
  return i64x2.extract_lane(all, 0) + i64x2.extract_lane(all, 1);
}

// @ts-ignore: decorator
@inline
function apart(x: v128, factor: v128, sum: v128): v128 {
  return i32x4.abs(i32x4.sub(i32x4.mul(x, factor), sum));
}

/**
 * Nearest centres of float rows start…end: differences and sums in float64, four lanes in a fixed order.
 * @param centres T rows of floats at `stride`
 */
export function centresOnFloats(
  points: usize,
  stride: usize,
  start: i32,
  end: i32,
  T: i32,
  centres: usize,
  labels: usize,
  results: usize,
): void {
  for (let i = start; i < end; i++) {
    const x = points + <usize>i * stride;
    let best = 0;
    let least = Infinity;
    for (let t = 0; t < T; t++) {
      const distance = apartFloats(x, centres + <usize>t * stride, stride);
      if (distance < least) {
        least = distance;
        best = t;
      }
    }
    store<i32>(labels + (<usize>(i - start) << 2), best);
    store<f64>(results + (<usize>(i - start) << 3), least);
  }
}

function apartFloats(x: usize, centre: usize, stride: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  for (let p: usize = 0; p < stride; p += 16) {
    const a = v128.load(x + p);
    const b = v128.load(centre + p);
    const low = f64x2.sub(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
    const high = f64x2.sub(f64x2.promote_low_f32x4(upper(a)), f64x2.promote_low_f32x4(upper(b)));
    s0 = f64x2.add(s0, f64x2.abs(low));
    s1 = f64x2.add(s1, f64x2.abs(high));
  }
  const sum = f64x2.add(s0, s1);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 3, 2, 3);
}
