export {
  type CallOptions,
  type ContentOptions,
  type CreateOptions,
  type DatasetBytes,
  type JobFilter,
  LevyClient,
  type LevyClientOptions,
  type Submission,
  type SubmitOptions,
} from './client.js';
export { LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from './errors.js';
export type { FollowOptions, ReceivedEvent } from './follow-events.js';
export type { DatasetFile, NewDataset } from './new-dataset.js';
export type { WaitOptions } from './wait-for-job.js';
