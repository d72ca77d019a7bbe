export { type Cost, type Machine, rowCount } from './cost.js';
export { bisectionSteps, coveredCount, fitRowCount, validationRowCount } from './counts.js';
export { type JobRows, type Plan, type PlannedStep, planJob, summarisePlan } from './plan-job.js';
export { datasetNameOf, listOf, type ResolvedJob, requiredLevel, resolveJob } from './resolve-job.js';
export * from './step.js';
