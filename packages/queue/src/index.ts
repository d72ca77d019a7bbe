export { type ConnectionSettings, Connections, openConnections } from './connection/connections.js';
export { QueueUnavailableError } from './connection/queue-unavailable-error.js';
export { checkRedis, probeRedis, type RedisFacts, RedisUnsuitableError } from './connection/redis-facts.js';
export { DatasetRecords, type KeyClaim, type KeyStanding } from './datasets/dataset-records.js';
export { ChangeFeed, type ChangeSource, type Watch } from './events/change-feed.js';
export { EventLog, type FollowOptions, type NumberedEvent } from './events/event-log.js';
export type { JobFilters } from './jobs/job-filters.js';
export {
  bodyDigest,
  type Canceled,
  type Idempotency,
  type JobPage,
  JobStore,
  type ListRequest,
  type Submission,
  type Submitted,
  type WaitRequest,
} from './jobs/job-store.js';
export type { StoredJob } from './jobs/stored-job.js';
export { MAX_FAILURES, type TaskOutcome } from './tasks/attempt-store.js';
export type { ProgressUpdate } from './tasks/progress-reporter.js';
export { Reconciler, type ReconcilerParts } from './tasks/reconciler.js';
export type { Claim, TaskContext, TaskHandler } from './tasks/running-task.js';
export {
  type CloseOptions,
  type ConsumeOptions,
  TaskConsumer,
  type TaskConsumerParts,
} from './tasks/task-consumer.js';
export { TaskAborted, TaskError } from './tasks/task-error.js';
export { TaskQueue } from './tasks/task-queue.js';
export { type HeartbeatOptions, type Presence, WorkerRegistry } from './workers/worker-registry.js';
