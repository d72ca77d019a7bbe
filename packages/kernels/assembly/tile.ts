/**
 * Distances between up to TILE rows and up to TILE rows, the heart of the n²·d passes.
 *
 * Two rows meet four at a time: eight accumulators, two rows and a temporary fit V8's fifteen vector registers,
 * and each loaded row is used at least twice. Rows beyond the last are the last one again; callers skip them.
 * The order of summation within a pair never depends on where in a tile it stands.
 */

/** Rows a side. */
export const TILE: i32 = 64;
/** Bytes from one row of a tile of distances to the next. */
export const TILE_STRIDE: usize = 256;

/** Kinds of distance, as src/wasm/layout.ts numbers them. */
export const L1_BYTES: i32 = 0;
export const L2_BYTES: i32 = 1;
export const L1_FLOATS: i32 = 2;
export const L2_FLOATS: i32 = 3;
export const LINF_BYTES: i32 = 4;
export const LINF_FLOATS: i32 = 5;

/** 128 vectors of pairwise sums of at most 510 stay under 2¹⁶. */
const FLUSH: usize = 128 * 16;

/** Bytes from one prepared row to the next: squared ℓ2 on bytes works on rows widened to 16 bits. */
// @ts-ignore: decorator
@inline
export function preparedStride(kind: i32, stride: usize): usize {
  return kind == L2_BYTES ? stride << 1 : stride;
}

/**
 * Readies rows for `distances`: writes each row's Σx (ℓ1 on bytes) or Σx² (squared ℓ2 on bytes) to `norms`, and
 * in the latter case the widened rows to `wide`.
 * @returns where the prepared rows lie.
 */
export function prepare(kind: i32, rows: usize, stride: usize, count: i32, norms: usize, wide: usize): usize {
  if (kind == L1_BYTES) {
    for (let i = 0; i < count; i++) {
      store<i32>(norms + (<usize>i << 2), sumOf(rows + <usize>i * stride, stride));
    }
    return rows;
  }
  if (kind == L2_BYTES) {
    for (let i = 0; i < count; i++) {
      const norm = widen(rows + <usize>i * stride, stride, wide + <usize>i * (stride << 1));
      store<i32>(norms + (<usize>i << 2), norm);
    }
    return wide;
  }
  return rows;
}

/**
 * @param a, aCount, aNorms prepared rows, their number and norms; likewise b
 * @param stride bytes of a prepared row
 * @param out TILE × TILE values of 32 bits; float distances stand as their bits
 */
export function distances(
  kind: i32,
  a: usize,
  aCount: i32,
  aNorms: usize,
  b: usize,
  bCount: i32,
  bNorms: usize,
  stride: usize,
  out: usize,
): void {
  for (let j = 0; j < bCount; j += 4) {
    const b0 = b + <usize>j * stride;
    const b1 = b + <usize>min(j + 1, bCount - 1) * stride;
    const b2 = b + <usize>min(j + 2, bCount - 1) * stride;
    const b3 = b + <usize>min(j + 3, bCount - 1) * stride;
    for (let i = 0; i < aCount; i += 2) {
      const second = min(i + 1, aCount - 1);
      const a0 = a + <usize>i * stride;
      const a1 = a + <usize>second * stride;
      const to = out + <usize>i * TILE_STRIDE + (<usize>j << 2);
      if (kind == L1_BYTES) {
        l1Bytes(a0, a1, b0, b1, b2, b3, stride, to);
      } else if (kind == L2_BYTES) {
        dotBytes(a0, a1, b0, b1, b2, b3, stride, to);
      } else if (kind == L1_FLOATS) {
        l1Floats(a0, a1, b0, b1, b2, b3, stride, to);
      } else if (kind == LINF_BYTES) {
        mostOfBytes(a0, a1, b0, b1, b2, b3, stride, to);
      } else if (kind == LINF_FLOATS) {
        mostOfFloats(a0, a1, b0, b1, b2, b3, stride, to);
      } else {
        l2Floats(a0, a1, b0, b1, b2, b3, stride, to);
      }
      if (kind <= L2_BYTES) {
        const bn = v128.load(bNorms + (<usize>j << 2));
        complete(to, load<i32>(aNorms + (<usize>i << 2)), bn);
        complete(to + TILE_STRIDE, load<i32>(aNorms + (<usize>second << 2)), bn);
      }
    }
  }
}

/** Σ|a−b| = Σa + Σb − 2·Σmin(a,b) and Σ(a−b)² = Σa² + Σb² − 2·Σab, right modulo 2³² and so right. */
// @ts-ignore: decorator
@inline
function complete(at: usize, aNorm: i32, bNorms: v128): void {
  const shared = v128.load(at);
  v128.store(at, i32x4.sub(i32x4.add(i32x4.splat(aNorm), bNorms), i32x4.shl(shared, 1)));
}

/** Lane n is the sum over the lanes of the n-th argument. */
// @ts-ignore: decorator
@inline
function sumLanes(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const t01 = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7));
  const t23 = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(t01, t23, 0, 1, 4, 5), v128.shuffle<i32>(t01, t23, 2, 3, 6, 7));
}

// @ts-ignore: decorator
@inline
function sumFloatLanes(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const t01 = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const t23 = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(t01, t23, 0, 1, 4, 5), v128.shuffle<f32>(t01, t23, 2, 3, 6, 7));
}

// @ts-ignore: decorator
@inline
function addMin(sum: v128, a: v128, b: v128): v128 {
  return i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(i8x16.min_u(a, b)));
}

// @ts-ignore: decorator
@inline
function widenSum(sum: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_u(sum);
}

/** Σ min(a,b) for 2 × 4 pairs, in 16 bits, flushed to 32 in time. */
function l1Bytes(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  let start: usize = 0;
  let all0 = i32x4.splat(0);
  let all1 = i32x4.splat(0);
  do {
    const end = min(start + FLUSH, bytes);
    let s00 = i16x8.splat(0);
    let s01 = i16x8.splat(0);
    let s02 = i16x8.splat(0);
    let s03 = i16x8.splat(0);
    let s10 = i16x8.splat(0);
    let s11 = i16x8.splat(0);
    let s12 = i16x8.splat(0);
    let s13 = i16x8.splat(0);
    for (let p = start; p < end; p += 16) {
      const va0 = v128.load(a0 + p);
      const va1 = v128.load(a1 + p);
      const vb0 = v128.load(b0 + p);
      s00 = addMin(s00, va0, vb0);
      s10 = addMin(s10, va1, vb0);
      const vb1 = v128.load(b1 + p);
      s01 = addMin(s01, va0, vb1);
      s11 = addMin(s11, va1, vb1);
      const vb2 = v128.load(b2 + p);
      s02 = addMin(s02, va0, vb2);
      s12 = addMin(s12, va1, vb2);
      const vb3 = v128.load(b3 + p);
      s03 = addMin(s03, va0, vb3);
      s13 = addMin(s13, va1, vb3);
    }
    all0 = i32x4.add(all0, sumLanes(widenSum(s00), widenSum(s01), widenSum(s02), widenSum(s03)));
    all1 = i32x4.add(all1, sumLanes(widenSum(s10), widenSum(s11), widenSum(s12), widenSum(s13)));
    start = end;
  } while (start < bytes);
  v128.store(out, all0);
  v128.store(out + TILE_STRIDE, all1);
}

// @ts-ignore: decorator
@inline
function addDot(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Σ ab for 2 × 4 pairs of rows widened to 16 bits. */
function dotBytes(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  let s00 = i32x4.splat(0);
  let s01 = i32x4.splat(0);
  let s02 = i32x4.splat(0);
  let s03 = i32x4.splat(0);
  let s10 = i32x4.splat(0);
  let s11 = i32x4.splat(0);
  let s12 = i32x4.splat(0);
  let s13 = i32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const va0 = v128.load(a0 + p);
    const va1 = v128.load(a1 + p);
    const vb0 = v128.load(b0 + p);
    s00 = addDot(s00, va0, vb0);
    s10 = addDot(s10, va1, vb0);
    const vb1 = v128.load(b1 + p);
    s01 = addDot(s01, va0, vb1);
    s11 = addDot(s11, va1, vb1);
    const vb2 = v128.load(b2 + p);
    s02 = addDot(s02, va0, vb2);
    s12 = addDot(s12, va1, vb2);
    const vb3 = v128.load(b3 + p);
    s03 = addDot(s03, va0, vb3);
    s13 = addDot(s13, va1, vb3);
  }
  v128.store(out, sumLanes(s00, s01, s02, s03));
  v128.store(out + TILE_STRIDE, sumLanes(s10, s11, s12, s13));
}

// @ts-ignore: decorator
@inline
function addAbs(sum: v128, a: v128, b: v128, mask: v128): v128 {
  return f32x4.add(sum, v128.and(f32x4.sub(a, b), mask));
}

function l1Floats(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  // Clears the sign; V8 makes three instructions of f32x4.abs.
  const mask = i32x4.splat(0x7fff_ffff);
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s13 = f32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const va0 = v128.load(a0 + p);
    const va1 = v128.load(a1 + p);
    const vb0 = v128.load(b0 + p);
    s00 = addAbs(s00, va0, vb0, mask);
    s10 = addAbs(s10, va1, vb0, mask);
    const vb1 = v128.load(b1 + p);
    s01 = addAbs(s01, va0, vb1, mask);
    s11 = addAbs(s11, va1, vb1, mask);
    const vb2 = v128.load(b2 + p);
    s02 = addAbs(s02, va0, vb2, mask);
    s12 = addAbs(s12, va1, vb2, mask);
    const vb3 = v128.load(b3 + p);
    s03 = addAbs(s03, va0, vb3, mask);
    s13 = addAbs(s13, va1, vb3, mask);
  }
  v128.store(out, sumFloatLanes(s00, s01, s02, s03));
  v128.store(out + TILE_STRIDE, sumFloatLanes(s10, s11, s12, s13));
}

// @ts-ignore: decorator
@inline
function addSquare(sum: v128, a: v128, b: v128): v128 {
  const difference = f32x4.sub(a, b);
  return f32x4.add(sum, f32x4.mul(difference, difference));
}

function l2Floats(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s13 = f32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const va0 = v128.load(a0 + p);
    const va1 = v128.load(a1 + p);
    const vb0 = v128.load(b0 + p);
    s00 = addSquare(s00, va0, vb0);
    s10 = addSquare(s10, va1, vb0);
    const vb1 = v128.load(b1 + p);
    s01 = addSquare(s01, va0, vb1);
    s11 = addSquare(s11, va1, vb1);
    const vb2 = v128.load(b2 + p);
    s02 = addSquare(s02, va0, vb2);
    s12 = addSquare(s12, va1, vb2);
    const vb3 = v128.load(b3 + p);
    s03 = addSquare(s03, va0, vb3);
    s13 = addSquare(s13, va1, vb3);
  }
  v128.store(out, sumFloatLanes(s00, s01, s02, s03));
  v128.store(out + TILE_STRIDE, sumFloatLanes(s10, s11, s12, s13));
}

// @ts-ignore: decorator
@inline
function mostByte(most: v128, a: v128, b: v128): v128 {
  return i8x16.max_u(most, i8x16.sub(i8x16.max_u(a, b), i8x16.min_u(a, b)));
}

/** The largest of 16 bytes, in every lane of 32 bits. */
// @ts-ignore: decorator
@inline
function largestByte(most: v128): v128 {
  let m = i8x16.max_u(most, i32x4.shr_u(most, 16));
  m = i8x16.max_u(m, i32x4.shr_u(m, 8));
  m = v128.and(m, i32x4.splat(0xff));
  m = i32x4.max_s(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
  return i32x4.max_s(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2));
}

/** max |a−b| for 2 × 4 pairs. */
function mostOfBytes(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  let s00 = i32x4.splat(0);
  let s01 = i32x4.splat(0);
  let s02 = i32x4.splat(0);
  let s03 = i32x4.splat(0);
  let s10 = i32x4.splat(0);
  let s11 = i32x4.splat(0);
  let s12 = i32x4.splat(0);
  let s13 = i32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const va0 = v128.load(a0 + p);
    const va1 = v128.load(a1 + p);
    const vb0 = v128.load(b0 + p);
    s00 = mostByte(s00, va0, vb0);
    s10 = mostByte(s10, va1, vb0);
    const vb1 = v128.load(b1 + p);
    s01 = mostByte(s01, va0, vb1);
    s11 = mostByte(s11, va1, vb1);
    const vb2 = v128.load(b2 + p);
    s02 = mostByte(s02, va0, vb2);
    s12 = mostByte(s12, va1, vb2);
    const vb3 = v128.load(b3 + p);
    s03 = mostByte(s03, va0, vb3);
    s13 = mostByte(s13, va1, vb3);
  }
  storeLanes(out, largestByte(s00), largestByte(s01), largestByte(s02), largestByte(s03));
  storeLanes(out + TILE_STRIDE, largestByte(s10), largestByte(s11), largestByte(s12), largestByte(s13));
}

/** Stores lane 0 of each. */
// @ts-ignore: decorator
@inline
function storeLanes(out: usize, m0: v128, m1: v128, m2: v128, m3: v128): void {
  v128.store(out, v128.shuffle<i32>(v128.shuffle<i32>(m0, m1, 0, 4, 0, 4), v128.shuffle<i32>(m2, m3, 0, 4, 0, 4), 0, 1, 4, 5));
}

// @ts-ignore: decorator
@inline
function mostFloat(most: v128, a: v128, b: v128, mask: v128): v128 {
  return f32x4.pmax(most, v128.and(f32x4.sub(a, b), mask));
}

// @ts-ignore: decorator
@inline
function largestFloat(most: v128): v128 {
  const m = f32x4.pmax(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  return f32x4.pmax(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2));
}

function mostOfFloats(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize, out: usize,
): void {
  const mask = i32x4.splat(0x7fff_ffff);
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s13 = f32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const va0 = v128.load(a0 + p);
    const va1 = v128.load(a1 + p);
    const vb0 = v128.load(b0 + p);
    s00 = mostFloat(s00, va0, vb0, mask);
    s10 = mostFloat(s10, va1, vb0, mask);
    const vb1 = v128.load(b1 + p);
    s01 = mostFloat(s01, va0, vb1, mask);
    s11 = mostFloat(s11, va1, vb1, mask);
    const vb2 = v128.load(b2 + p);
    s02 = mostFloat(s02, va0, vb2, mask);
    s12 = mostFloat(s12, va1, vb2, mask);
    const vb3 = v128.load(b3 + p);
    s03 = mostFloat(s03, va0, vb3, mask);
    s13 = mostFloat(s13, va1, vb3, mask);
  }
  storeLanes(out, largestFloat(s00), largestFloat(s01), largestFloat(s02), largestFloat(s03));
  storeLanes(out + TILE_STRIDE, largestFloat(s10), largestFloat(s11), largestFloat(s12), largestFloat(s13));
}

/** Σx of a row of bytes. */
function sumOf(row: usize, bytes: usize): i32 {
  let sum = i32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    sum = i32x4.add(sum, widenSum(i16x8.extadd_pairwise_i8x16_u(v128.load(row + p))));
  }
  return addLanes(sum);
}

/** Writes a row of bytes as 16-bit numbers. @returns Σx². */
function widen(row: usize, bytes: usize, out: usize): i32 {
  let sum = i32x4.splat(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const x = v128.load(row + p);
    const low = i16x8.extend_low_i8x16_u(x);
    const high = i16x8.extend_high_i8x16_u(x);
    v128.store(out + (p << 1), low);
    v128.store(out + (p << 1), high, 16);
    sum = i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
  }
  return addLanes(sum);
}

// @ts-ignore: decorator
@inline
function addLanes(sum: v128): i32 {
  return (
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3)
  );
}
