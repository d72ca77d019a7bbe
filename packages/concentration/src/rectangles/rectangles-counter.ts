import { type Rational, subtractRational } from '@levy/contracts';
import type { Margins } from '@levy/kernels';
import type { MethodRegionStep, RowList } from '@levy/plan';
import { settingOf } from '../region/found-region.js';
import type { MethodRegion } from '../region/region.js';
import type { RegionCounter } from '../region/region-counter.js';
import type { Walk } from '../walk/walk.js';
import { clustersStepOf, countRectangles } from './candidate.js';
import { countMargins, exceedingMargins, Threshold } from './exceedance.js';
import { facesInBox, rectanglesOf, storedRange } from './faces.js';
import { mainFace } from './main-face.js';

/**
 * The curve of rectangles holds E at ε₀ fixed: advRisk(ε) = P[m > ε₀ − ε], with m over the faces that can be violated
 * at ε₀ (method §2.9).
 */
export async function rectanglesCounter(
  step: MethodRegionStep,
  region: Extract<MethodRegion, { kind: 'rectangles' }>,
  epsilon: Rational,
  walk: Walk,
): Promise<RegionCounter> {
  const setting = settingOf(step, region.list);
  const clustersStep = clustersStepOf(setting, region.candidate.covered, region.candidate.seed);
  const engine = clustersStep.engine === undefined ? {} : { engine: clustersStep.engine };
  const clusters = await walk.get(clustersStep);
  const range = storedRange(walk.dataset.dataset);
  const marginsOf = (rows: RowList): Promise<Margins> =>
    walk.get({ name: 'margins', clusters: clustersStep, rows, ...engine });
  return {
    count: (rows) => countRectangles(walk, clustersStep, rows, setting),
    inside: async (rows) =>
      exceedingMargins(await marginsOf(rows), new Threshold(epsilon, clusters, walk.scale)),
    curve: async (rows, epsilons) => {
      const margins =
        setting.domain === 'box' && range !== undefined
          ? await walk.margins(rows, facesInBox(clusters, range, epsilon, walk.scale))
          : await marginsOf(rows);
      return epsilons.map((at) =>
        countMargins(margins, new Threshold(subtractRational(epsilon, at), clusters, walk.scale)),
      );
    },
    mainCoordinate: async (rows) =>
      mainFace(
        walk.hostRows(rows),
        await marginsOf(rows),
        rectanglesOf(clusters),
        new Threshold(epsilon, clusters, walk.scale),
      ),
  };
}
