export { type WorkerSettings, workerSettings } from './settings.js';
export { runWorker } from './worker.js';
