import { type Margins, NO_FACE, type PassOptions, type Rectangles } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { at } from './at.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

export async function margins(
  points: ReferenceMatrix,
  range: RowRange,
  rectangles: Rectangles,
  T: number,
  options: PassOptions,
): Promise<Margins> {
  const rows = range.end - range.start;
  const numbers = () => (rectangles.dtype === 'u1' ? new Int32Array(rows) : new Float32Array(rows));
  const margin = numbers();
  const marginOf = new Int32Array(rows);
  const room = numbers();
  const roomOf = new Int32Array(rows);
  const pace = new Pace(rows * T * points.columns, options);
  for (let i = 0; i < rows; i++) {
    const x = points.row(range.start + i);
    const all = Array.from({ length: T }, (_, t) => excess(x, rectangles, t));
    const least = all.reduce((best, one) => (isLess(one.margin, one, best.margin, best) ? one : best));
    margin[i] = least.margin;
    marginOf[i] = least.t;
    const inside = all.some((one) => one.room === undefined);
    const tightest = all.reduce((best, one) => (isLess(one.room, one, best.room, best) ? one : best));
    room[i] = inside ? -1 : (tightest.room ?? -1);
    roomOf[i] = inside ? 0 : tightest.t;
    await pace.add(T * points.columns);
  }
  return rectangles.range === undefined ? { margin, marginOf } : { margin, marginOf, room, roomOf };
}

interface Excess {
  readonly t: number;
  readonly count: number;
  /** max_j of what x exceeds its faces by. */
  readonly margin: number;
  /** Most room behind a violated face; undefined where none is violated. */
  readonly room: number | undefined;
}

function isLess(a: number | undefined, { count: ca }: Excess, b: number | undefined, { count: cb }: Excess) {
  return a !== undefined && b !== undefined && a * cb < b * ca;
}

function excess(x: Float64Array, rectangles: Rectangles, t: number): Excess {
  const bytes = rectangles.dtype === 'u1';
  const count = bytes ? at(rectangles.count, t) : 1;
  const noFace = bytes ? NO_FACE : Number.POSITIVE_INFINITY;
  // Whole numbers are exact in float64; floats are rounded to float32 after every operation.
  const round = bytes ? (value: number) => value : Math.fround;
  const low = round(rectangles.range?.low ?? 0);
  const high = round(rectangles.range?.high ?? 0);
  let margin = -noFace;
  let room: number | undefined;
  const consider = (beyond: number, behind: number) => {
    margin = Math.max(margin, beyond);
    if (beyond > 0) {
      room = Math.max(room ?? behind, behind);
    }
  };
  for (let j = 0; j < x.length; j++) {
    const value = count * at(x, j);
    const sum = at(rectangles.sum, t * x.length + j);
    const above = at(rectangles.above, t * x.length + j);
    const below = at(rectangles.below, t * x.length + j);
    if (above !== noFace) {
      consider(round(round(value - sum) - above), round(round(count * high - sum) - above));
    }
    if (below !== noFace) {
      consider(round(round(sum - value) - below), round(round(sum - below) - count * low));
    }
  }
  // Adding 0 turns a negative zero into the plain one.
  return { t, count, margin: margin + 0, room: room === undefined ? undefined : room + 0 };
}
