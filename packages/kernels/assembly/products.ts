/**
 * Products with directions and weights in float64. Every sum has one fixed order, whatever tile or thread it
 * falls to: `project` adds even and odd columns apart and then both; `combine` adds rows in order within blocks
 * of ROW_BLOCK rows, and the blocks in order.
 */

/** Rows that `combine` sums before it adds them to the result. */
const ROW_BLOCK: i32 = 1024;

/** Columns 0 and 1, or 2 and 3, of four bytes widened to int32, or of four floats, as float64. */
// @ts-ignore: decorator
@inline
function fourBytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 3, 2, 3);
}

// @ts-ignore: decorator
@inline
function addLanes(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

// @ts-ignore: decorator
@inline
function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

/**
 * @param directions count rows of `width` float64, width = columns padded as the points are
 * @param out count float64 for every row from `start` on
 */
export function projectBytes(
  points: usize, stride: usize, start: i32, end: i32, directions: usize, count: i32, out: usize,
): void {
  projectRows<u8>(points, stride, stride, start, end, directions, count, out);
}

export function projectFloats(
  points: usize, stride: usize, start: i32, end: i32, directions: usize, count: i32, out: usize,
): void {
  projectRows<f32>(points, stride, stride >> 2, start, end, directions, count, out);
}

function projectRows<V>(
  points: usize, stride: usize, width: usize, start: i32, end: i32, directions: usize, count: i32, out: usize,
): void {
  const row = width << 3;
  for (let i = start; i < end; i++) {
    const x = points + <usize>i * stride;
    const to = out + <usize>(i - start) * (<usize>count << 3);
    for (let c = 0; c < count; c += 4) {
      const c1 = min(c + 1, count - 1);
      const c2 = min(c + 2, count - 1);
      const c3 = min(c + 3, count - 1);
      fourProducts<V>(
        x,
        width,
        directions + <usize>c * row,
        directions + <usize>c1 * row,
        directions + <usize>c2 * row,
        directions + <usize>c3 * row,
        to + (<usize>c << 3),
        to + (<usize>c1 << 3),
        to + (<usize>c2 << 3),
        to + (<usize>c3 << 3),
      );
    }
  }
}

function fourProducts<V>(
  x: usize, width: usize, d0: usize, d1: usize, d2: usize, d3: usize, o0: usize, o1: usize, o2: usize, o3: usize,
): void {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  for (let j: usize = 0; j < width; j += 4) {
    let low: v128;
    let high: v128;
    if (isFloat<V>()) {
      const four = v128.load(x + (j << 2));
      low = f64x2.promote_low_f32x4(four);
      high = f64x2.promote_low_f32x4(upper(four));
    } else {
      const four = fourBytes(x + j);
      low = f64x2.convert_low_i32x4_s(four);
      high = f64x2.convert_low_i32x4_s(upper(four));
    }
    const p = j << 3;
    s0 = addProduct(addProduct(s0, low, v128.load(d0 + p)), high, v128.load(d0 + p, 16));
    s1 = addProduct(addProduct(s1, low, v128.load(d1 + p)), high, v128.load(d1 + p, 16));
    s2 = addProduct(addProduct(s2, low, v128.load(d2 + p)), high, v128.load(d2 + p, 16));
    s3 = addProduct(addProduct(s3, low, v128.load(d3 + p)), high, v128.load(d3 + p, 16));
  }
  store<f64>(o3, addLanes(s3));
  store<f64>(o2, addLanes(s2));
  store<f64>(o1, addLanes(s1));
  store<f64>(o0, addLanes(s0));
}

/**
 * Adds rows start…end (start a multiple of ROW_BLOCK) into columns from…end of the result.
 * @param weights count float64 a row
 * @param out count rows of `width` float64, width = columns padded as the points are
 */
export function combineBytes(
  points: usize, stride: usize, start: i32, end: i32, from: i32, to: i32, weights: usize, count: i32, out: usize,
): void {
  combineColumns<u8>(points, stride, stride, start, end, from, to, weights, count, out);
}

export function combineFloats(
  points: usize, stride: usize, start: i32, end: i32, from: i32, to: i32, weights: usize, count: i32, out: usize,
): void {
  combineColumns<f32>(points, stride, stride >> 2, start, end, from, to, weights, count, out);
}

function combineColumns<V>(
  points: usize,
  stride: usize,
  width: usize,
  start: i32,
  end: i32,
  from: i32,
  to: i32,
  weights: usize,
  count: i32,
  out: usize,
): void {
  for (let i = start; i < end; i += ROW_BLOCK) {
    const last = min(i + ROW_BLOCK, end);
    for (let c = 0; c < count; c += 2) {
      const c1 = min(c + 1, count - 1);
      for (let j = from; j < to; j += 4) {
        const column = <usize>j;
        const o0 = out + ((<usize>c * width + column) << 3);
        const o1 = out + ((<usize>c1 * width + column) << 3);
        fourColumns<V>(points + column * sizeof<V>(), stride, i, last, weights, count, c, c1, o0, o1);
      }
    }
  }
}

function fourColumns<V>(
  points: usize,
  stride: usize,
  start: i32,
  end: i32,
  weights: usize,
  count: i32,
  c0: i32,
  c1: i32,
  o0: usize,
  o1: usize,
): void {
  let low0 = f64x2.splat(0);
  let high0 = f64x2.splat(0);
  let low1 = f64x2.splat(0);
  let high1 = f64x2.splat(0);
  for (let i = start; i < end; i++) {
    const x = points + <usize>i * stride;
    let low: v128;
    let high: v128;
    if (isFloat<V>()) {
      const four = v128.load(x);
      low = f64x2.promote_low_f32x4(four);
      high = f64x2.promote_low_f32x4(upper(four));
    } else {
      const four = fourBytes(x);
      low = f64x2.convert_low_i32x4_s(four);
      high = f64x2.convert_low_i32x4_s(upper(four));
    }
    const row = weights + <usize>i * (<usize>count << 3);
    const w0 = v128.load64_splat(row + (<usize>c0 << 3));
    const w1 = v128.load64_splat(row + (<usize>c1 << 3));
    low0 = addProduct(low0, w0, low);
    high0 = addProduct(high0, w0, high);
    low1 = addProduct(low1, w1, low);
    high1 = addProduct(high1, w1, high);
  }
  addTo(o0, low0, high0);
  // The last of an odd number of directions stands for both.
  if (c1 != c0) {
    addTo(o1, low1, high1);
  }
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, low: v128, high: v128): void {
  v128.store(at, f64x2.add(v128.load(at), low));
  v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
}
