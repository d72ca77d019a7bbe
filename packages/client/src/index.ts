export {
  type CallOptions,
  type JobFilter,
  LevyClient,
  type LevyClientOptions,
  type Submission,
  type SubmitOptions,
} from './client.js';
export { LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from './errors.js';
export type { WaitOptions } from './wait-for-job.js';
