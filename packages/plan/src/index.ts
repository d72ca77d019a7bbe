export type { SingleMethod, SingleSpec } from './all-methods.js';
export { chooseEngine, LEAST_GAIN_SECONDS, type Offers } from './choose-engine.js';
export { type Cost, type Machine, rowCount } from './cost.js';
export {
  ballsBytes,
  bisectionSteps,
  coveredCount,
  directionsAtOnce,
  ENGINE_BYTES,
  faceLevels,
  fitRowCount,
  validationRowCount,
} from './counts.js';
export { requiredLevel } from './level.js';
export { type JobRows, type Plan, type PlannedStep, planJob, summarisePlan } from './plan-job.js';
export { datasetNameOf, listOf, type ResolvedJob, resolveJob } from './resolve-job.js';
export * from './step.js';
