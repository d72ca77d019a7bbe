import type { Faces, Marks } from './beyond.js';
import type { Face, LevelGrid, LevelledRows } from './level-grid.js';

/** Which rows the other rectangles leave outside: E and E_ε can only shrink to a part of these. */
export type Outside = Marks;

/** How many of some rows stand at each level of each coordinate. */
interface Tallies {
  marks: Outside;
  readonly strict: Int32Array;
  readonly reached: Int32Array;
}

export interface FittedFaces {
  readonly faces: Faces;
  /** How many of the rows that the others leave outside lie beyond these faces. */
  readonly advRisk: number;
}

/**
 * Finds the faces of one rectangle greedily: Algorithm 2 of the paper with half-spaces along single coordinates in
 * place of balls. Each of at most `most` faces covers between an even share of what is left to cover and all of it,
 * and is the one that adds the fewest rows to E_ε beside those it adds to E; ties to the lowest coordinate, then `>=`
 * before `<=`, then to the outermost level.
 */
export class GreedyFaces {
  private readonly none: Tallies;
  private readonly whole: Tallies;
  private readonly looked: Tallies;
  private readonly strictLeft: Int32Array;
  private readonly reachedLeft: Int32Array;
  private readonly covered: Uint8Array;
  private readonly expanded: Uint8Array;
  private rows: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly grid: LevelGrid,
    private readonly points: LevelledRows,
  ) {
    const size = grid.columns * grid.levels;
    const marks = (mark: 0 | 1) => ({
      strictly: new Uint8Array(points.rows).fill(mark),
      beyond: new Uint8Array(points.rows).fill(mark),
    });
    const nothing = new Int32Array(size);
    const everything = new Int32Array(size);
    for (let row = 0; row < points.rows; row++) this.change(everything, row, 1);
    this.none = { marks: marks(0), strict: nothing, reached: nothing };
    this.whole = { marks: marks(1), strict: everything, reached: everything };
    this.looked = { marks: marks(0), strict: new Int32Array(size), reached: new Int32Array(size) };
    this.strictLeft = new Int32Array(size);
    this.reachedLeft = new Int32Array(size);
    this.covered = new Uint8Array(points.rows);
    this.expanded = new Uint8Array(points.rows);
  }

  /** Looks at the rows that the other rectangles leave outside, from whichever tallies are nearest to theirs. */
  look(outside: Outside): void {
    const nearest = [this.none, this.whole, this.looked].map(({ marks }) => distance(outside, marks));
    const from = nearest.indexOf(Math.min(...nearest));
    if (from < 2) {
      const { marks, strict, reached } = from === 0 ? this.none : this.whole;
      this.looked.strict.set(strict);
      this.looked.reached.set(reached);
      this.looked.marks = marks;
    }
    const { marks, strict, reached } = this.looked;
    for (let row = 0; row < this.points.rows; row++) {
      this.change(reached, row, (outside.beyond[row] ?? 0) - (marks.beyond[row] ?? 0));
      this.change(strict, row, (outside.strictly[row] ?? 0) - (marks.strictly[row] ?? 0));
    }
    this.looked.marks = outside;
    this.rows = positionsOf(outside.beyond);
  }

  /** The faces with at least `need` of the rows strictly beyond them; undefined if there are none. */
  fit(need: number, most: number): FittedFaces | undefined {
    this.strictLeft.set(this.looked.strict);
    this.reachedLeft.set(this.looked.reached);
    this.covered.fill(0);
    this.expanded.fill(0);
    const faces: Face[] = [];
    let [left, advRisk] = [need, 0];
    while (left > 0) {
      if (faces.length === most) return undefined;
      const fewest = Math.ceil(left / (most - faces.length));
      const face = this.cheapest(fewest, left, faces);
      if (face === undefined) return undefined;
      faces.push(face);
      const added = this.cover(face, left, faces.length < most);
      left -= added.risk;
      advRisk += added.advRisk;
    }
    return { faces, advRisk };
  }

  /** Farther in a side only holds more: it is left once even covering all that is left could not make it cheaper. */
  private cheapest(fewest: number, most: number, faces: Faces): Face | undefined {
    const { columns, levels, gaps } = this.grid;
    const { strictLeft, reachedLeft } = this;
    const limits = limitsOf(faces, this.grid);
    let cost = Number.POSITIVE_INFINITY;
    let best: Face | undefined;
    for (let j = 0; j < columns; j++) {
      const base = j * levels;
      const gap = gaps[j] ?? 0;
      const { upper, lower } = limits.get(j) ?? this.grid.innermost(j);
      let [newly, within] = [0, 0];
      for (let level = levels - 1, at = levels - 1; level >= upper && newly < most; level--) {
        const here = strictLeft[base + level] ?? 0;
        if (here === 0) continue;
        newly += here;
        for (; at >= level - gap; at--) within += reachedLeft[base + at] ?? 0;
        if (within - most >= cost) break;
        if (newly >= fewest && within - Math.min(newly, most) < cost) {
          cost = within - Math.min(newly, most);
          best = { coordinate: j, side: '>=', level };
        }
      }
      [newly, within] = [0, 0];
      for (let level = 0, at = 0; level <= lower && newly < most; level++) {
        const here = strictLeft[base + level] ?? 0;
        if (here === 0) continue;
        newly += here;
        for (; at <= level + gap; at++) within += reachedLeft[base + at] ?? 0;
        if (within - most >= cost) break;
        if (newly >= fewest && within - Math.min(newly, most) < cost) {
          cost = within - Math.min(newly, most);
          best = { coordinate: j, side: '<=', level };
        }
      }
    }
    return best;
  }

  /** Marks what a face covers; the tallies are kept up where another face may follow. */
  private cover(face: Face, left: number, another: boolean): { risk: number; advRisk: number } {
    const { columns, gaps } = this.grid;
    const { codes } = this.points;
    const { coordinate, side, level } = face;
    const gap = gaps[coordinate] ?? 0;
    const upper = side === '>=';
    const added = { risk: 0, advRisk: 0 };
    const newly: number[] = [];
    for (const row of this.rows) {
      const x = codes[row * columns + coordinate] ?? 0;
      if (upper ? x < level - gap : x > level + gap) continue;
      if (this.expanded[row] === 0) {
        this.expanded[row] = 1;
        added.advRisk++;
        if (another) this.change(this.reachedLeft, row, -1);
      }
      if (this.covered[row] === 1 || this.looked.marks.strictly[row] === 0) continue;
      if (upper ? x < level : x > level) continue;
      this.covered[row] = 1;
      newly.push(row);
    }
    added.risk = newly.length;
    if (another && added.risk < left) for (const row of newly) this.change(this.strictLeft, row, -1);
    return added;
  }

  /** Adds a row to a tally of every coordinate's levels (1), or takes it out (−1). */
  private change(counts: Int32Array, row: number, change: number): void {
    if (change === 0) return;
    const { columns, levels } = this.grid;
    const { codes } = this.points;
    const from = row * columns;
    for (let j = 0, base = 0; j < columns; j++, base += levels) {
      const at = base + (codes[from + j] ?? 0);
      counts[at] = (counts[at] ?? 0) + change;
    }
  }
}

/** How far in the faces of a coordinate may stand so that a rectangle's two sides do not cross. */
function limitsOf(faces: Faces, grid: LevelGrid): Map<number, { upper: number; lower: number }> {
  const limits = new Map<number, { upper: number; lower: number }>();
  for (const { coordinate, side, level } of faces) {
    const gap = grid.gaps[coordinate] ?? 0;
    const { upper, lower } = limits.get(coordinate) ?? grid.innermost(coordinate);
    // The upper side stands at level − gap − 1, the lower side at level + gap + 1.
    limits.set(
      coordinate,
      side === '<='
        ? { upper: Math.max(upper, level + 2 * gap + 2), lower }
        : { upper, lower: Math.min(lower, level - 2 * gap - 2) },
    );
  }
  return limits;
}

/** How many tallies change from one set of rows to the other. */
function distance(a: Outside, b: Outside): number {
  let count = 0;
  for (let row = 0; row < a.beyond.length; row++) {
    if (a.beyond[row] !== b.beyond[row]) count++;
    if (a.strictly[row] !== b.strictly[row]) count++;
  }
  return count;
}

function positionsOf(marks: Uint8Array): Uint32Array {
  const found = new Uint32Array(marks.reduce((sum, mark) => sum + mark, 0));
  for (let row = 0, at = 0; row < marks.length; row++) if (marks[row] === 1) found[at++] = row;
  return found;
}
