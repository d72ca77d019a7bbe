import type { Margins, Rectangles } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { intsOf } from './answers.js';
import type { GpuMatrix } from './gpu-matrix.js';
import type { PassContext } from './pass-context.js';
import { runTiles } from './tiles.js';

/** On bytes. */
export async function margins(
  points: GpuMatrix,
  range: RowRange,
  rectangles: Extract<Rectangles, { dtype: 'u1' }>,
  T: number,
  context: PassContext,
): Promise<Margins> {
  const { device } = context;
  const { columns, number } = points;
  const rows = range.end - range.start;
  const numbers = () => new Int32Array(rows);
  const answer = { margin: numbers(), marginOf: numbers() };
  const rooms = rectangles.range === undefined ? {} : { room: numbers(), roomOf: numbers() };
  await runTiles(
    {
      name: 'margins',
      ...range,
      stepsPerRow: T * columns,
      bytesPerRow: 16 * T,
      rowsPerPart: Number.MAX_SAFE_INTEGER,
      run: async ({ start, end }) => {
        const done = await device.ask({ op: 'margins', points: number, start, end, rectangles }, [points]);
        return { answer: done, took: done.took };
      },
      take: ({ start, end }, done) => {
        const at = start - range.start;
        answer.margin.set(intsOf(done, 0, end - start), at);
        answer.marginOf.set(intsOf(done, 1, end - start), at);
        if (rooms.room === undefined) return;
        rooms.room.set(intsOf(done, 2, end - start), at);
        rooms.roomOf.set(intsOf(done, 3, end - start), at);
      },
    },
    context,
  );
  return { ...answer, ...rooms };
}
