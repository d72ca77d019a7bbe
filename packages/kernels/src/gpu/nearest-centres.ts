import type { Assignment, Centres } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { doublesOf, intsOf } from './answers.js';
import type { GpuMatrix } from './gpu-matrix.js';
import type { PassContext } from './pass-context.js';
import { runTiles } from './tiles.js';

export async function nearestCentres(
  points: GpuMatrix,
  range: RowRange,
  centres: Centres,
  T: number,
  context: PassContext,
): Promise<Assignment> {
  const { device } = context;
  const rows = range.end - range.start;
  const answer = { labels: new Int32Array(rows), distances: new Float64Array(rows) };
  await runTiles(
    {
      name: 'centres',
      ...range,
      stepsPerRow: T * points.columns,
      bytesPerRow: 12 * T,
      rowsPerPart: Number.MAX_SAFE_INTEGER,
      run: async ({ start, end }) => {
        const done = await device.ask({ op: 'centres', points: points.number, start, end, centres }, [
          points,
        ]);
        const labels = intsOf(done, 0, end - start);
        return { answer: { labels, distances: doublesOf(done, 1, end - start) }, took: done.took };
      },
      take: ({ start }, { labels, distances }) => {
        answer.labels.set(labels, start - range.start);
        answer.distances.set(distances, start - range.start);
      },
    },
    context,
  );
  return answer;
}
