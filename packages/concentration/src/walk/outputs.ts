import type { Margins } from '@levy/kernels';
import type { Step, StepName } from '@levy/plan';
import type { Balls } from '../balls/balls.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import type { Components } from '../halfspaces/principal-components.js';
import type { ScanOutcome } from '../halfspaces/scan.js';
import type { FacesOutcome } from '../rectangles/best/faces-step.js';
import type { Clusters } from '../rectangles/clusters.js';
import type { RestartsOutcome, SearchOutcome } from '../rectangles/search.js';
import type { Region } from '../region/region.js';

/** What every step answers. */
export interface Outputs {
  /** Distance of every fitted row to its k-th nearest, in the order of the row list. */
  neighbours: Int32Array | Float32Array;
  clusters: Clusters;
  margins: Margins;
  search: SearchOutcome;
  restarts: RestartsOutcome;
  faces: FacesOutcome;
  balls: Balls;
  component: Float64Array;
  components: Components;
  scan: ScanOutcome;
  region: Region;
  evaluation: Evaluation;
}

/** The step of a name. */
export type StepOf<N extends StepName> = Extract<Step, { readonly name: N }>;
