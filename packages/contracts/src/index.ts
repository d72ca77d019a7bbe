export * from './canonical.js';
export * from './cluster/cluster.js';
export * from './dataset/dataset.js';
export * from './dataset/dataset-submission.js';
export * from './estimate/estimate.js';
export * from './event/event.js';
export * from './job/fields.js';
export * from './job/job.js';
export * from './job/job-spec.js';
export * from './job/job-submission.js';
export * from './plan.js';
export * from './problem/catalogue.js';
export * from './problem/problem.js';
export * from './published/figure-1.js';
export * from './published/published.js';
export * from './published/robust-models.js';
export * from './published/table-1.js';
export * from './published/table-2.js';
export * from './published/table-3.js';
export {
  add as addRational,
  ceil as ceilRational,
  compare as compareRational,
  floor as floorRational,
  formatRational,
  multiply as multiplyRational,
  parseRational,
  type Rational,
  rational,
  subtract as subtractRational,
  toNumber as rationalToNumber,
} from './rational.js';
export { type Checker, checker, MAX_FAULTS, showValue } from './schema-faults.js';
export * from './settings.js';
export * from './version.js';
