import type { Dataset } from '@levy/contracts';
import { parseRational } from '@levy/contracts';
import { createReferenceEngine, type Matrix } from '@levy/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countsAt } from '../candidate.js';
import { rectanglesOf } from '../faces.js';
import { countOutside, type Faces, type Marks, marksOf } from './beyond.js';
import { boxesOf } from './boxes.js';
import { GreedyFaces } from './greedy-faces.js';
import { extentsOf, type Face, type LevelGrid, levelGridOf } from './level-grid.js';

const WIDTH = 3;
const TOP = 9;
const dataset: Dataset = {
  id: 'rows',
  digest: 'a'.repeat(64),
  dtype: 'u1',
  scale: TOP,
  shape: [WIDTH],
  columns: WIDTH,
  valueRange: { low: 0, high: 1 },
  splits: { train: { rows: 1, bytes: 3, sha256: '' }, test: { rows: 1, bytes: 3, sha256: '' } },
  createdAt: '2026-01-01T00:00:00.000Z',
};

function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { dtype: 'u1', rows: rows.length, columns: WIDTH, data: Uint8Array.from(rows.flat()) };
}

const row = fc.array(fc.integer({ min: 0, max: TOP }), { minLength: WIDTH, maxLength: WIDTH });
const rows = fc.array(row, { minLength: 4, maxLength: 24 });
const marked = (mark: 0 | 1, length: number) => new Uint8Array(length).fill(mark);
const everything = (length: number): Marks => ({ strictly: marked(1, length), beyond: marked(1, length) });

/** The rule written out: every face is counted from scratch on the rows themselves. */
function literalFaces(
  points: readonly (readonly number[])[],
  outside: Marks,
  gap: number,
  need: number,
  most: number,
): Face[] | undefined {
  const strict = ({ coordinate, side, level }: Face, x: readonly number[]) =>
    side === '>=' ? (x[coordinate] ?? 0) >= level : (x[coordinate] ?? 0) <= level;
  const reached = ({ coordinate, side, level }: Face, x: readonly number[]) =>
    side === '>=' ? (x[coordinate] ?? 0) >= level - gap : (x[coordinate] ?? 0) <= level + gap;
  const chosen: Face[] = [];
  const covered = new Set<number>();
  const expanded = new Set<number>();
  while (covered.size < need) {
    if (chosen.length === most) return undefined;
    const left = need - covered.size;
    let best: { cost: number; face: Face } | undefined;
    for (let coordinate = 0; coordinate < WIDTH; coordinate++) {
      for (const side of ['>=', '<='] as const) {
        for (let step = 0; step <= TOP; step++) {
          const face: Face = { coordinate, side, level: side === '>=' ? TOP - step : step };
          const at = side === '>=' ? face.level - gap - 1 : face.level + gap + 1;
          if (at < 0 || at > TOP) continue;
          const sides = [...chosen, face].filter((other) => other.coordinate === coordinate);
          const uppers = sides.filter((other) => other.side === '>=').map(({ level }) => level - gap - 1);
          const lowers = sides.filter((other) => other.side === '<=').map(({ level }) => level + gap + 1);
          if (Math.min(...uppers) < Math.max(...lowers)) continue;
          const newly = points.filter(
            (x, i) => outside.strictly[i] === 1 && !covered.has(i) && strict(face, x),
          );
          const within = points.filter(
            (x, i) => outside.beyond[i] === 1 && !expanded.has(i) && reached(face, x),
          );
          if (newly.length < Math.ceil(left / (most - chosen.length))) continue;
          const cost = within.length - Math.min(newly.length, left);
          if (best === undefined || cost < best.cost) best = { cost, face };
        }
      }
    }
    if (best === undefined) return undefined;
    const { face } = best;
    chosen.push(face);
    points.forEach((x, i) => {
      if (outside.strictly[i] === 1 && strict(face, x)) covered.add(i);
      if (outside.beyond[i] === 1 && reached(face, x)) expanded.add(i);
    });
  }
  return chosen;
}

const gridOf = (matrix: Matrix, gap: number): LevelGrid =>
  levelGridOf(matrix, dataset, parseRational(`${gap}/${TOP}`));

test('chooses the faces that the rule written out chooses, after any looks before', () => {
  const looks = fc.array(fc.infiniteStream(fc.boolean()), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      rows,
      looks,
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      (points, streams, gap, most) => {
        const matrix = matrixOf(points);
        const grid = gridOf(matrix, gap);
        const greedy = new GreedyFaces(grid, grid.levelled(matrix));
        for (const stream of streams) {
          const beyond = Uint8Array.from(points, () => Number(stream.next().value));
          const strictly = beyond.map((mark) => mark & Number(stream.next().value));
          greedy.look({ strictly, beyond });
          const need = Math.max(1, Math.floor(points.length / 4));
          const fitted = greedy.fit(need, most);
          const expected = literalFaces(points, { strictly, beyond }, gap, need, most);
          // A scan stops at the first face with all that is left: further in, it could only cost as much or more.
          expect(fitted?.faces).toEqual(expected);
          if (fitted === undefined) continue;
          const marks = marksOf(grid, grid.levelled(matrix), fitted.faces);
          expect(fitted.advRisk).toBe(countOutside(points.length, [marks, { strictly, beyond }]).advRisk);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('boxes hold by their margins what the faces hold', async () => {
  await using engine = createReferenceEngine();
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 0, max: 3 }), async (points, gap) => {
      const matrix = matrixOf(points);
      const grid = gridOf(matrix, gap);
      const levelled = grid.levelled(matrix);
      const greedy = new GreedyFaces(grid, levelled);
      greedy.look(everything(points.length));
      const found = [1, 3].flatMap((most): Faces[] => {
        const faces = greedy.fit(Math.ceil(points.length / 3), most)?.faces;
        return faces === undefined ? [] : [faces];
      });
      if (found.length === 0) return;
      const standing = found.map((faces) => faces.map((face) => ({ ...face, at: grid.position(face) })));
      const boxes = boxesOf(standing, extentsOf(matrix, dataset), 'u1');
      using loaded = await engine.load(matrix);
      const margins = await engine.margins(loaded, { start: 0, end: points.length }, rectanglesOf(boxes));
      const { risk, advRisk } = countsAt(margins, boxes, TOP, parseRational(`${gap}/${TOP}`), 'unbounded');
      expect({ risk, advRisk }).toEqual(
        countOutside(
          points.length,
          found.map((faces) => marksOf(grid, levelled, faces)),
        ),
      );
    }),
  );
});
