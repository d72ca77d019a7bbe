/**
 * Margins and rooms of rows against T rectangles (method §2.4): the least over the rectangles of the largest
 * excess over a face, and of the most room behind a violated face.
 *
 * A few rows take the rectangles one after another, so that a rectangle's faces are read from memory once for
 * all of them. Columns go in segments: a rectangle whose largest excess, and room, already exceed the least of
 * an earlier rectangle cannot be the minimum of either any more, and the rest of its columns is left out.
 * Room is only looked for in segments where some face is violated.
 */

/** Rows that share a rectangle while it is near. */
const GROUP: i32 = 16;
/** Columns a segment. */
const SEGMENT: usize = 256;
/** No face of this segment is violated, as a room on bytes. */
const NO_ROOM: i32 = i32.MIN_VALUE;
/** As in src/engine.ts: no excess counts for less than its negative. */
const NO_FACE: i32 = 1 << 29;

/** What a row knows while it meets one rectangle after another; 32 bytes. */
@unmanaged
class ByteState {
  margin: i32;
  marginCount: i32;
  marginOf: i32;
  room: i32;
  roomCount: i32;
  roomOf: i32;
  /** A rectangle contains the row: no room. */
  inside: i32;
}

/**
 * @param counts T int32
 * @param uppers sum + above, T × columns (the padded stride of the points) int32; lowers sum − below.
 *   Faces that cannot be violated: −2³¹ above, −2³¹ + 2²⁹ below, whose excess wraps to under −2³⁰.
 * @param upperRooms, lowerRooms the room behind each face, or 0 if no room is asked for
 * @param margin, marginOf, room, roomOf int32, one a row from `start` on
 * @param states GROUP × 32 bytes
 */
export function marginsOnBytes(
  points: usize,
  stride: usize,
  start: i32,
  end: i32,
  T: i32,
  counts: usize,
  uppers: usize,
  lowers: usize,
  upperRooms: usize,
  lowerRooms: usize,
  margin: usize,
  marginOf: usize,
  room: usize,
  roomOf: usize,
  states: usize,
): void {
  const withRoom = upperRooms != 0;
  for (let i = start; i < end; i += GROUP) {
    const rows = min(GROUP, end - i);
    memory.fill(states, 0, <usize>GROUP << 5);
    for (let t = 0; t < T; t++) {
      const count = load<i32>(counts + (<usize>t << 2));
      const faces = <usize>t * (stride << 2);
      for (let row = 0; row < rows; row++) {
        const state = changetype<ByteState>(states + (<usize>row << 5));
        const x = points + <usize>(i + row) * stride;
        meetBytes(
          state, x, stride, t, count, uppers + faces, lowers + faces, withRoom, upperRooms + faces, lowerRooms + faces,
        );
      }
    }
    for (let row = 0; row < rows; row++) {
      const state = changetype<ByteState>(states + (<usize>row << 5));
      const place = <usize>(i - start + row) << 2;
      store<i32>(margin + place, state.margin);
      store<i32>(marginOf + place, state.marginOf);
      if (withRoom) {
        store<i32>(room + place, state.inside ? -1 : state.room);
        store<i32>(roomOf + place, state.inside ? 0 : state.roomOf);
      }
    }
  }
}

function meetBytes(
  state: ByteState,
  x: usize,
  stride: usize,
  t: i32,
  count: i32,
  uppers: usize,
  lowers: usize,
  withRoom: bool,
  upperRooms: usize,
  lowerRooms: usize,
): void {
  const first = t == 0;
  let margin = -NO_FACE;
  let room = NO_ROOM;
  for (let p: usize = 0; p < stride; p += SEGMENT) {
    const end = min(p + SEGMENT, stride);
    const here = excessOfBytes(x, p, end, count, uppers, lowers);
    margin = max(margin, here);
    if (withRoom && here > 0 && !state.inside) {
      room = max(room, roomOfBytes(x, p, end, count, uppers, lowers, upperRooms, lowerRooms));
    }
    if (
      !first &&
      !isLess(margin, count, state.margin, state.marginCount) &&
      (!withRoom || state.inside || (room != NO_ROOM && !isLess(room, count, state.room, state.roomCount)))
    ) {
      return;
    }
  }
  if (first || isLess(margin, count, state.margin, state.marginCount)) {
    state.margin = margin;
    state.marginCount = count;
    state.marginOf = t;
  }
  if (room == NO_ROOM) {
    state.inside = 1;
  } else if (first || isLess(room, count, state.room, state.roomCount)) {
    state.room = room;
    state.roomCount = count;
    state.roomOf = t;
  }
}

/** a/aCount < b/bCount; the products stay under 2⁵³. */
// @ts-ignore: decorator
@inline
function isLess(a: i32, aCount: i32, b: i32, bCount: i32): bool {
  return <i64>a * <i64>bCount < <i64>b * <i64>aCount;
}

/** The largest excess over a face among columns from…end. */
function excessOfBytes(x: usize, from: usize, end: usize, count: i32, uppers: usize, lowers: usize): i32 {
  const factor = i32x4.splat(count);
  let most0 = i32x4.splat(i32.MIN_VALUE);
  let most1 = i32x4.splat(i32.MIN_VALUE);
  for (let p = from; p < end; p += 16) {
    const bytes = v128.load(x + p);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    const up = uppers + (p << 2);
    const down = lowers + (p << 2);
    const x0 = i32x4.mul(i32x4.extend_low_i16x8_u(low), factor);
    most0 = i32x4.max_s(most0, i32x4.sub(x0, v128.load(up)));
    most1 = i32x4.max_s(most1, i32x4.sub(v128.load(down), x0));
    const x1 = i32x4.mul(i32x4.extend_high_i16x8_u(low), factor);
    most0 = i32x4.max_s(most0, i32x4.sub(x1, v128.load(up, 16)));
    most1 = i32x4.max_s(most1, i32x4.sub(v128.load(down, 16), x1));
    const x2 = i32x4.mul(i32x4.extend_low_i16x8_u(high), factor);
    most0 = i32x4.max_s(most0, i32x4.sub(x2, v128.load(up, 32)));
    most1 = i32x4.max_s(most1, i32x4.sub(v128.load(down, 32), x2));
    const x3 = i32x4.mul(i32x4.extend_high_i16x8_u(high), factor);
    most0 = i32x4.max_s(most0, i32x4.sub(x3, v128.load(up, 48)));
    most1 = i32x4.max_s(most1, i32x4.sub(v128.load(down, 48), x3));
  }
  return largestLane(i32x4.max_s(most0, most1));
}

/** The most room behind a violated face among columns from…end; NO_ROOM if none is. */
function roomOfBytes(
  x: usize,
  from: usize,
  end: usize,
  count: i32,
  uppers: usize,
  lowers: usize,
  upperRooms: usize,
  lowerRooms: usize,
): i32 {
  const factor = i32x4.splat(count);
  const zero = i32x4.splat(0);
  const none = i32x4.splat(NO_ROOM);
  let most = none;
  for (let p = from; p < end; p += 4) {
    const at = p << 2;
    const value = i32x4.mul(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x + p))), factor);
    const above = i32x4.gt_s(i32x4.sub(value, v128.load(uppers + at)), zero);
    const below = i32x4.gt_s(i32x4.sub(v128.load(lowers + at), value), zero);
    most = i32x4.max_s(most, v128.bitselect(v128.load(upperRooms + at), none, above));
    most = i32x4.max_s(most, v128.bitselect(v128.load(lowerRooms + at), none, below));
  }
  return largestLane(most);
}

// @ts-ignore: decorator
@inline
function largestLane(x: v128): i32 {
  return max(
    max(i32x4.extract_lane(x, 0), i32x4.extract_lane(x, 1)),
    max(i32x4.extract_lane(x, 2), i32x4.extract_lane(x, 3)),
  );
}

/** As ByteState, for floats; 32 bytes. */
@unmanaged
class FloatState {
  margin: f32;
  marginOf: i32;
  room: f32;
  roomOf: i32;
  inside: i32;
}

/**
 * The same on float32, each expression evaluated in the order that the Engine interface states.
 * @param sums, aboves, belows T rows of floats at `stride`; padding has reach Infinity
 * @param low, high the value range; only looked at if `withRoom`
 */
export function marginsOnFloats(
  points: usize,
  stride: usize,
  start: i32,
  end: i32,
  T: i32,
  sums: usize,
  aboves: usize,
  belows: usize,
  withRoom: i32,
  low: f32,
  high: f32,
  margin: usize,
  marginOf: usize,
  room: usize,
  roomOf: usize,
  states: usize,
): void {
  for (let i = start; i < end; i += GROUP) {
    const rows = min(GROUP, end - i);
    memory.fill(states, 0, <usize>GROUP << 5);
    for (let t = 0; t < T; t++) {
      const faces = <usize>t * stride;
      for (let row = 0; row < rows; row++) {
        const state = changetype<FloatState>(states + (<usize>row << 5));
        const x = points + <usize>(i + row) * stride;
        meetFloats(state, x, stride, t, sums + faces, aboves + faces, belows + faces, withRoom, low, high);
      }
    }
    for (let row = 0; row < rows; row++) {
      const state = changetype<FloatState>(states + (<usize>row << 5));
      const place = <usize>(i - start + row) << 2;
      // Adding 0 turns a negative zero into the plain one.
      store<f32>(margin + place, state.margin + 0);
      store<i32>(marginOf + place, state.marginOf);
      if (withRoom) {
        store<f32>(room + place, state.inside ? -1 : state.room + 0);
        store<i32>(roomOf + place, state.inside ? 0 : state.roomOf);
      }
    }
  }
}

function meetFloats(
  state: FloatState,
  x: usize,
  stride: usize,
  t: i32,
  sums: usize,
  aboves: usize,
  belows: usize,
  withRoom: i32,
  low: f32,
  high: f32,
): void {
  const first = t == 0;
  let margin: f32 = -Infinity;
  let room: f32 = -Infinity;
  let violated = false;
  for (let p: usize = 0; p < stride; p += SEGMENT << 2) {
    const end = min(p + (SEGMENT << 2), stride);
    const here = excessOfFloats(x, p, end, sums, aboves, belows);
    if (here > margin) {
      margin = here;
    }
    if (here > 0) {
      violated = true;
      if (withRoom && !state.inside) {
        const behind = roomOfFloats(x, p, end, sums, aboves, belows, low, high);
        if (behind > room) {
          room = behind;
        }
      }
    }
    if (!first && margin >= state.margin && (!withRoom || state.inside || (violated && room >= state.room))) {
      return;
    }
  }
  if (first || margin < state.margin) {
    state.margin = margin;
    state.marginOf = t;
  }
  if (!violated) {
    state.inside = 1;
  } else if (first || room < state.room) {
    state.room = room;
    state.roomOf = t;
  }
}

function excessOfFloats(x: usize, from: usize, end: usize, sums: usize, aboves: usize, belows: usize): f32 {
  let most0 = f32x4.splat(-Infinity);
  let most1 = f32x4.splat(-Infinity);
  for (let p = from; p < end; p += 16) {
    const value = v128.load(x + p);
    const sum = v128.load(sums + p);
    most0 = f32x4.pmax(most0, f32x4.sub(f32x4.sub(value, sum), v128.load(aboves + p)));
    most1 = f32x4.pmax(most1, f32x4.sub(f32x4.sub(sum, value), v128.load(belows + p)));
  }
  return largestFloatLane(f32x4.pmax(most0, most1));
}

function roomOfFloats(
  x: usize, from: usize, end: usize, sums: usize, aboves: usize, belows: usize, low: f32, high: f32,
): f32 {
  const zero = f32x4.splat(0);
  const none = f32x4.splat(-Infinity);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let most = none;
  for (let p = from; p < end; p += 16) {
    const value = v128.load(x + p);
    const sum = v128.load(sums + p);
    const above = v128.load(aboves + p);
    const below = v128.load(belows + p);
    const over = f32x4.gt(f32x4.sub(f32x4.sub(value, sum), above), zero);
    const under = f32x4.gt(f32x4.sub(f32x4.sub(sum, value), below), zero);
    const upper = f32x4.sub(f32x4.sub(highs, sum), above);
    const lower = f32x4.sub(f32x4.sub(sum, below), lows);
    most = f32x4.pmax(most, v128.bitselect(upper, none, over));
    most = f32x4.pmax(most, v128.bitselect(lower, none, under));
  }
  return largestFloatLane(most);
}

// @ts-ignore: decorator
@inline
function largestFloatLane(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
