import { parseRational } from '@levy/contracts';
import type { StepName } from '@levy/plan';
import {
  clustersCodec,
  componentCodec,
  componentsCodec,
  marginsCodec,
  radiiCodec,
} from '../artifacts/array-codecs.js';
import type { Codec } from '../artifacts/codec.js';
import { jsonCodec } from '../artifacts/json-codec.js';
import { BallsSchema, runBalls } from '../balls/balls.js';
import { EvaluationSchema, evaluate } from '../evaluation/evaluation.js';
import { principalComponent, principalComponents } from '../halfspaces/principal-components.js';
import { ScanOutcomeSchema, scanAxes } from '../halfspaces/scan.js';
import { FacesOutcomeSchema, findFaces } from '../rectangles/best/faces-step.js';
import { rectanglesOf, storedRange } from '../rectangles/faces.js';
import { kMeans } from '../rectangles/k-means.js';
import { RestartsOutcomeSchema, runRestarts, SearchOutcomeSchema, searchQ } from '../rectangles/search.js';
import { findRegion, RegionSchema } from '../region/region.js';
import type { Outputs, StepOf } from './outputs.js';
import type { Walk } from './walk.js';

/** How a step is computed and how its output is written down. */
export interface Implementation<N extends StepName> {
  readonly codec: Codec<Outputs[N]>;
  run(step: StepOf<N>, walk: Walk): Promise<Outputs[N]>;
}

const IMPLEMENTATIONS: { readonly [N in StepName]: Implementation<N> } = {
  neighbours: {
    codec: radiiCodec,
    run: (step, walk) => walk.neighbourRadii(step.rows, step.k),
  },
  clusters: {
    codec: clustersCodec,
    async run(step, walk) {
      const ordered = await walk.densityOrder(step.neighbours);
      const { T, seed, iterations, stopping } = step;
      return kMeans({
        engine: walk.engine,
        points: ordered.points,
        matrix: walk.dataset.train,
        rows: ordered.rows.subarray(0, step.covered),
        T,
        seed,
        iterations,
        stopping,
        signal: walk.signal,
      });
    },
  },
  margins: {
    codec: marginsCodec,
    async run(step, walk) {
      const clusters = await walk.get(step.clusters);
      const rectangles = rectanglesOf(clusters, storedRange(walk.dataset.dataset));
      if (step.rows !== 'uncovered') return walk.margins(step.rows, rectangles);
      const { points } = await walk.densityOrder(step.clusters.neighbours);
      const range = { start: step.clusters.covered, end: points.rows };
      return walk.engine.margins(points, range, rectangles, { signal: walk.signal });
    },
  },
  search: { codec: jsonCodec(SearchOutcomeSchema), run: searchQ },
  restarts: { codec: jsonCodec(RestartsOutcomeSchema), run: runRestarts },
  faces: { codec: jsonCodec(FacesOutcomeSchema), run: findFaces },
  balls: { codec: jsonCodec(BallsSchema), run: runBalls },
  component: {
    codec: componentCodec,
    async run(step, walk) {
      const { points } = await walk.points(step.rows);
      return principalComponent(walk.engine, points, {
        signal: walk.signal,
        onIteration: (done, most) => walk.report(done, most, 'iterations'),
      });
    },
  },
  components: {
    codec: componentsCodec,
    async run(step, walk) {
      const { points } = await walk.points(step.rows);
      return principalComponents(walk.engine, points, step.count, {
        signal: walk.signal,
        onIteration: (done, most) => walk.report(done, most, 'iterations'),
      });
    },
  },
  scan: {
    codec: jsonCodec(ScanOutcomeSchema),
    async run(step, walk) {
      const { alpha, slack } = step;
      return scanAxes(walk.hostRows(step.rows), {
        alpha,
        slack,
        epsilon: parseRational(step.epsilon),
        scale: walk.scale,
      });
    },
  },
  region: { codec: jsonCodec(RegionSchema), run: findRegion },
  evaluation: { codec: jsonCodec(EvaluationSchema), run: evaluate },
};

export function implementationOf<N extends StepName>(name: N): Implementation<N> {
  return IMPLEMENTATIONS[name];
}
