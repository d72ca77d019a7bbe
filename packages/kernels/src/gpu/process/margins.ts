import { NO_FACE } from '../../engine.js';
import { byteMargins } from '../kernels/margins.js';
import type { Work } from '../protocol.js';
import type { DeviceMatrix, Part } from './device-matrix.js';
import { splitWhole } from './limbs.js';
import { overParts, type Rows } from './over-parts.js';
import type { KernelRunner } from './runner.js';
import type { Stopwatch } from './stopwatch.js';

type Rectangles = Extract<Work, { op: 'margins' }>['rectangles'];

/** [margin, marginOf], and where there is a value range [room, roomOf] besides, as Engine.margins answers them on bytes. */
export async function margins(
  runner: KernelRunner,
  points: DeviceMatrix,
  rows: Rows,
  rectangles: Rectangles,
  watch: Stopwatch,
): Promise<Int32Array[]> {
  const total = rows.end - rows.start;
  const numbers = () => new Int32Array(total);
  const answer = {
    margin: numbers(),
    marginOf: numbers(),
    room: numbers(),
    roomOf: numbers(),
  };
  const against = againstFaces(runner, points, rectangles);
  for (const { part, from, to, at } of overParts(points, rows, against.rowBytes)) {
    using all = await watch.time('kernels', () => against.run(part, from, to));
    const read = await watch.time('transfer', () => all.read());
    for (let row = 0; row < to - from; row++)
      choose(answer, at + row, against.T, (t) => against.excess(read, row, t));
  }
  const { margin, marginOf, room, roomOf } = answer;
  return rectangles.range === undefined ? [margin, marginOf] : [margin, marginOf, room, roomOf];
}

/** Of one row against one rectangle: numerators over the rectangle's count. */
interface Excess {
  readonly margin: number;
  /** Undefined where no face is violated. */
  readonly room: number | undefined;
  readonly count: number;
}

/** The least margin and the least room, ties to the lowest rectangle; both products are exact in float64. */
function choose(
  answer: { margin: Int32Array; marginOf: Int32Array; room: Int32Array; roomOf: Int32Array },
  row: number,
  T: number,
  excess: (t: number) => Excess,
): void {
  let least = excess(0);
  let [leastOf, tightestOf] = [0, 0];
  let tightest = least;
  let inside = least.room === undefined;
  for (let t = 1; t < T; t++) {
    const one = excess(t);
    if (one.margin * least.count < least.margin * one.count) [least, leastOf] = [one, t];
    if (one.room === undefined) inside = true;
    else if (tightest.room !== undefined && one.room * tightest.count < tightest.room * one.count) {
      [tightest, tightestOf] = [one, t];
    }
  }
  answer.margin[row] = least.margin;
  answer.marginOf[row] = leastOf;
  answer.room[row] = inside ? -1 : (tightest.room ?? -1);
  answer.roomOf[row] = inside ? 0 : tightestOf;
}

interface Against {
  readonly T: number;
  readonly rowBytes: number;
  run(part: Part, from: number, to: number): ReturnType<KernelRunner['run']>;
  excess(read: Float32Array, row: number, t: number): Excess;
}

/** High part of a face that is none: its excess is under −NO_FACE, whatever the byte. */
const FAR = 2 ** 20;
/** What the kernel answers as high part of a room where no face is violated. */
const NO_ROOM_HIGH = -(2 ** 23);

function againstFaces(
  runner: KernelRunner,
  { columns }: DeviceMatrix,
  { count, sum, above, below, range }: Rectangles,
): Against {
  const T = count.length;
  const width = Math.max(1, columns);
  const counts = splitWhole(count);
  const faces = new Float32Array(8 * width * T);
  const put = (at: number, number: number | undefined, none: number): void => {
    const [high = 0, low = 0] = number === undefined ? [none, 0] : splitWhole([number]);
    faces[at] = high;
    faces[at + 1] = low;
  };
  const { low, high } = range ?? { low: 0, high: 0 };
  for (let t = 0; t < T; t++) {
    const c = count[t] ?? 1;
    for (let j = 0; j < width; j++) {
      const at = 8 * (t * width + j);
      const index = t * columns + j;
      const s = sum[index] ?? 0;
      const up = j < columns && above[index] !== NO_FACE ? (above[index] ?? 0) : undefined;
      const down = j < columns && below[index] !== NO_FACE ? (below[index] ?? 0) : undefined;
      put(at, up === undefined ? undefined : s + up, FAR);
      put(at + 2, down === undefined ? undefined : s - down, -FAR);
      put(at + 4, c * high - s - (up ?? 0), 0);
      put(at + 6, s - (down ?? 0) - c * low, 0);
    }
  }
  const whole = (read: Float32Array, at: number) => (read[at] ?? 0) * 4096 + (read[at + 1] ?? 0);
  return {
    T,
    rowBytes: 16 * T,
    run: (part, from, to) =>
      runner.run({
        kernel: byteMargins,
        components: 4,
        constants: { columns: width },
        output: [T, to - from],
        args: [
          { array: part.array, sizes: part.sizes },
          { values: counts, sizes: [2, T] },
          { values: faces, sizes: [8 * width, T] },
          from,
        ],
        slot: 'margins',
      }),
    excess: (read, row, t) => {
      const at = 4 * (row * T + t);
      const room = read[at + 2] === NO_ROOM_HIGH ? undefined : whole(read, at + 2);
      return { margin: whole(read, at), room, count: count[t] ?? 1 };
    },
  };
}
