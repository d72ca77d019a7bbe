import { parseRational } from '@levy/contracts';
import { coveredCount, type FacesStep, type RowList, requiredLevel } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { type Counts, CountsSchema } from '../../counts.js';
import { reachesLevel } from '../../feasibility.js';
import type { Walk } from '../../walk/walk.js';
import { chooseCandidate, countsAt } from '../candidate.js';
import type { Clusters } from '../clusters.js';
import { boxesOf, rectanglesOfBoxes } from './boxes.js';
import { FaceSearch, type FoundFaces, type SearchShape } from './face-search.js';
import { extentsOf, type LevelGrid, levelGridOf } from './level-grid.js';

/** Rectangles that the face search found, judged: a candidate for the job's region. */
export const FacesCandidateSchema = Type.Object({
  rectangles: Type.Array(
    Type.Array(
      Type.Object({
        coordinate: Type.Integer({ minimum: 0 }),
        side: Type.Enum(['>=', '<=']),
        at: Type.Number({ description: 'Where the face stands, in stored units' }),
      }),
      { minItems: 1 },
    ),
    { minItems: 1 },
  ),
  feasible: Type.Boolean({ description: 'risk ≥ α(1 + slack) on the fitted rows and on the choosing split' }),
  train: CountsSchema,
  choosing: CountsSchema,
});
export type FacesCandidate = Static<typeof FacesCandidateSchema>;

/** Empty where no face can stand: ε reaches across every coordinate, say. */
export const FacesOutcomeSchema = Type.Object({ best: Type.Optional(FacesCandidateSchema) });
export type FacesOutcome = Static<typeof FacesOutcomeSchema>;

/** Most faces of a rectangle that are tried, and most of all rectangles together. */
const FACES = [1, 4, 16] as const;
const MOST_FACES = 64;
/** How many times the level the first of several rectangles leaves outside. */
const STARTS = [1.5, 4] as const;

/** The best of at most `rectangles` rectangles with few faces each. */
export async function findFaces(step: FacesStep, walk: Walk): Promise<FacesOutcome> {
  const smaller = step.smaller === undefined ? undefined : (await walk.get(step.smaller)).best;
  const epsilon = parseRational(step.epsilon);
  const fitted = walk.hostRows(step.rows);
  const choosing = walk.hostRows(step.choosing);
  const grid = levelGridOf(fitted, walk.dataset.dataset, epsilon);
  const search = new FaceSearch(grid, grid.levelled(fitted), grid.levelled(choosing), walk.signal);
  const level = requiredLevel(step.alpha, step.slack);
  const need = coveredCount(level, choosing.rows, 'ceil');
  const aim = {
    fitted: Math.max(1, coveredCount(level, fitted.rows, 'ceil')),
    // Of many sets the luckiest is taken: two standard errors on top keep its risk at the level on other rows.
    choosing: Math.ceil(need + 2 * Math.sqrt(need * (1 - need / choosing.rows))),
  };
  let limit = smaller?.feasible === true ? smaller.choosing.advRisk : Number.POSITIVE_INFINITY;
  let best: FoundFaces | undefined;
  const shapes = shapesOf(step.rectangles);
  for (const [index, shape] of shapes.entries()) {
    walk.report(index, shapes.length, 'shapes');
    for (const found of await search.find(shape, { ...aim, limit })) {
      if (!isBetter(found, best, aim.choosing)) continue;
      best = found;
      if (found.choosing.risk >= aim.choosing) limit = Math.min(limit, found.choosing.advRisk);
    }
  }
  const candidates = [smaller, best && (await judge(best, grid, step, walk))];
  const chosen = chooseCandidate(
    candidates.filter((candidate) => candidate !== undefined),
    'first',
  );
  return chosen === undefined ? {} : { best: chosen };
}

function shapesOf(rectangles: number): SearchShape[] {
  return FACES.filter((faces) => rectangles * faces <= MOST_FACES).flatMap((faces) =>
    rectangles === 1
      ? [{ rectangles, faces, start: 1 }]
      : STARTS.map((start) => ({ rectangles, faces, start })),
  );
}

/** Those that reach the aim by their adversarial risk, before all others, which count by their risk. */
function isBetter(found: FoundFaces, best: FoundFaces | undefined, aim: number): boolean {
  if (best === undefined) return true;
  const [reaches, reached] = [found.choosing.risk >= aim, best.choosing.risk >= aim];
  if (reaches !== reached) return reaches;
  return reaches ? found.choosing.advRisk < best.choosing.advRisk : found.choosing.risk > best.choosing.risk;
}

/** The rectangles of a candidate, fitted on `rows`, as those of clusters are written. */
export function boxesOfFaces(
  { rectangles }: Pick<FacesCandidate, 'rectangles'>,
  rows: RowList,
  walk: Walk,
): Clusters {
  const { dataset } = walk.dataset;
  return boxesOf(rectangles, extentsOf(walk.hostRows(rows), dataset), dataset.dtype);
}

/** Counts the rectangles as every other candidate is counted, by their margins. */
async function judge(
  { rectangles: found }: FoundFaces,
  grid: LevelGrid,
  step: FacesStep,
  walk: Walk,
): Promise<FacesCandidate> {
  const rectangles = found.map((faces) =>
    faces.map((face) => ({ coordinate: face.coordinate, side: face.side, at: grid.position(face) })),
  );
  const boxes = boxesOfFaces({ rectangles }, step.rows, walk);
  const count = (rows: RowList) => countBoxes(walk, boxes, rows, step.epsilon);
  const [train, choosing] = [await count(step.rows), await count(step.choosing)];
  const level = requiredLevel(step.alpha, step.slack);
  const feasible = reachesLevel(train, level) && reachesLevel(choosing, level);
  return { rectangles, feasible, train, choosing };
}

/** Risk and adversarial risk of rectangles whose every face can be violated: the domain makes no difference. */
async function countBoxes(walk: Walk, boxes: Clusters, rows: RowList, epsilon: string): Promise<Counts> {
  const margins = await walk.margins(rows, rectanglesOfBoxes(boxes));
  return countsAt(margins, boxes, walk.scale, parseRational(epsilon), 'unbounded');
}
