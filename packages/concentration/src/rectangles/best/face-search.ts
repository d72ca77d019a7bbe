import { Pause } from '../../pause.js';
import { countOutside, type Faces, type Marks, marksOf } from './beyond.js';
import { type FittedFaces, GreedyFaces } from './greedy-faces.js';
import type { LevelGrid, LevelledRows } from './level-grid.js';

/** How a search begins and what it may use. */
export interface SearchShape {
  readonly rectangles: number;
  /** Most faces of a rectangle. */
  readonly faces: number;
  /**
   * How many times the level the first rectangle leaves outside; each further one leaves a constant share of that, the
   * last one the level itself.
   */
  readonly start: number;
}

/** Rows that E must hold. */
export interface Aim {
  /** On the fitted rows at first; raised until the choosing split is content. */
  readonly fitted: number;
  readonly choosing: number;
  /** Rows of E_ε in the choosing split with which a set is no longer of interest. */
  readonly limit: number;
}

export interface FoundFaces {
  readonly rectangles: readonly Faces[];
  readonly choosing: { readonly risk: number; readonly advRisk: number };
}

/** Rounds over all rectangles after they were first placed, and after the level was raised. */
const ROUNDS = 2;
/** A level that fell short on the choosing split is raised by half of what it fell short by, and at least by this share … */
const RAISE = 0.05;
/** … until it is so many times the first. */
const MOST_RAISED = 1.6;

/**
 * Looks for few rectangles with few faces each, outside of which lie the rows of E: the complement of a union of
 * rectangles is an intersection of unions of half-spaces along single coordinates. The rectangles are placed one after
 * another and then fitted again in turn, each to what the others leave outside, as long as that takes rows out of E_ε.
 * Faces that hold too few rows of the choosing split for `aim` were fitted to chance: the level is raised until they
 * hold enough.
 */
export class FaceSearch {
  private readonly greedy: GreedyFaces;
  private readonly pause: Pause;

  constructor(
    private readonly grid: LevelGrid,
    private readonly fitted: LevelledRows,
    private readonly choosing: LevelledRows,
    signal: AbortSignal | undefined,
  ) {
    this.greedy = new GreedyFaces(grid, fitted);
    this.pause = new Pause(signal);
  }

  /** The sets of rectangles that were looked at, in the order of rising level; the last one may have reached the aim. */
  async find(shape: SearchShape, aim: Aim): Promise<FoundFaces[]> {
    const found: FoundFaces[] = [];
    let placed: Placed[] | undefined;
    for (let level = 1; level <= MOST_RAISED; ) {
      const need = Math.ceil(aim.fitted * level);
      if (need >= this.fitted.rows) break;
      placed =
        (placed === undefined ? undefined : await this.raised(placed, need, shape)) ??
        (await this.place(shape, need));
      if (placed === undefined) break;
      await this.improve(placed, need, shape);
      const rectangles = placed.map(({ faces }) => faces);
      const choosing = this.count(this.choosing, rectangles);
      found.push({ rectangles, choosing });
      if (choosing.risk >= aim.choosing || choosing.advRisk >= aim.limit) break;
      level *= 1 + Math.max(RAISE, (aim.choosing / Math.max(1, choosing.risk) - 1) / 2);
    }
    return found;
  }

  /** Rectangles one after another, so that what is left outside shrinks evenly to `need`. */
  private async place(
    { rectangles, faces, start }: SearchShape,
    need: number,
  ): Promise<Placed[] | undefined> {
    const placed: Placed[] = [];
    const first = Math.min(need * start, (need + this.fitted.rows) / 2);
    for (let t = 0; t < rectangles; t++) {
      const left = 1 - (t + 1 === rectangles ? 1 : t / (rectangles - 1));
      const rectangle = await this.fit(placed, Math.ceil(need * (first / need) ** left), [faces]);
      if (rectangle === undefined) break;
      placed.push(rectangle);
    }
    const all = outsideOf(this.fitted.rows, placed);
    return count(all.strictly) >= need && placed.length > 0 ? placed : undefined;
  }

  /** Fits each rectangle again to what the others leave outside, in turn. */
  private async improve(placed: Placed[], need: number, { faces }: SearchShape): Promise<void> {
    const sizes = faces === 1 ? [1] : [1, faces];
    for (let round = 0; round < ROUNDS; round++) {
      let improved = false;
      for (const t of placed.keys()) {
        const others = placed.filter((_, k) => k !== t);
        const now = count(outsideOf(this.fitted.rows, placed).beyond);
        const rectangle = await this.fit(others, need, sizes);
        if (rectangle === undefined || rectangle.advRisk >= now) continue;
        placed[t] = rectangle;
        improved = true;
      }
      if (!improved) break;
    }
  }

  /** The one rectangle fitted again that brings E up to `need` rows with the fewest in E_ε. */
  private async raised(
    placed: Placed[],
    need: number,
    { faces }: SearchShape,
  ): Promise<Placed[] | undefined> {
    let best: Placed[] | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const t of placed.keys()) {
      const rectangle = await this.fit(
        placed.filter((_, k) => k !== t),
        need,
        [faces],
      );
      if (rectangle === undefined || rectangle.advRisk >= fewest) continue;
      fewest = rectangle.advRisk;
      best = placed.with(t, rectangle);
    }
    return best;
  }

  private async fit(
    others: readonly Placed[],
    need: number,
    sizes: readonly number[],
  ): Promise<Placed | undefined> {
    this.greedy.look(outsideOf(this.fitted.rows, others));
    let best: FittedFaces | undefined;
    for (const most of sizes) {
      await this.pause.due();
      const fitted = this.greedy.fit(need, most);
      if (fitted !== undefined && fitted.advRisk < (best?.advRisk ?? Number.POSITIVE_INFINITY)) best = fitted;
    }
    return best === undefined ? undefined : { ...best, marks: marksOf(this.grid, this.fitted, best.faces) };
  }

  private count(rows: LevelledRows, rectangles: readonly Faces[]): { risk: number; advRisk: number } {
    return countOutside(
      rows.rows,
      rectangles.map((faces) => marksOf(this.grid, rows, faces)),
    );
  }
}

/** A rectangle with the fitted rows beyond it. */
interface Placed extends FittedFaces {
  readonly marks: Marks;
}

function outsideOf(rows: number, placed: readonly Placed[]): Marks {
  const strictly = new Uint8Array(rows).fill(1);
  const beyond = new Uint8Array(rows).fill(1);
  for (const { marks } of placed) {
    for (let row = 0; row < rows; row++) {
      strictly[row] = (strictly[row] ?? 0) & (marks.strictly[row] ?? 0);
      beyond[row] = (beyond[row] ?? 0) & (marks.beyond[row] ?? 0);
    }
  }
  return { strictly, beyond };
}

function count(marks: Uint8Array): number {
  return marks.reduce((sum, mark) => sum + mark, 0);
}
