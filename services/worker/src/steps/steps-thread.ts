import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileArtifacts, type MeasurementProgress, measure } from '@levy/concentration';
import { ENGINE_CLASSES, type JobSpec } from '@levy/contracts';
import { DatasetStore, type LoadedDataset } from '@levy/datasets';
import { createGpuEngine, createWasmEngine, type Engine } from '@levy/kernels';
import { jobErrorOf } from './job-error.js';
import { loadDataset } from './load-dataset.js';
import { type FromSteps, parseToSteps, type StepsSettings } from './messages.js';
import { storeMeasurement } from './store-measurement.js';

/**
 * The thread in which steps run: it owns the engine and the data set, so that the main thread is always free to renew
 * locks. It lives as long as the worker, unless a step hangs or brings it down.
 */
const PROGRESS_MS = 100;

if (isMainThread || parentPort === null) throw new Error('steps-thread.js runs as a worker thread only');
const port = parentPort;
const settings = settingsOf(workerData);
const tell = (message: FromSteps): void => port.postMessage(message);

const store = await DatasetStore.open(settings.dataDir);
const engine = await engineOrGoodbye(settings);
let loaded: LoadedDataset | undefined;
let running: { readonly task: number; readonly abort: AbortController } | undefined;

port.on('message', (value: unknown) => {
  const message = parseToSteps(value);
  switch (message.type) {
    case 'run':
      void run(message.task, message.spec);
      break;
    case 'abort':
      if (running?.task === message.task) running.abort.abort(new Error('aborted'));
      break;
    case 'close':
      void close();
      break;
  }
});
const { device, threads, adapter } = engine.info;
tell({ type: 'ready', device, threads, ...(adapter === undefined ? {} : { adapter }) });

/** The engine; where it cannot be had the thread says why and ends. */
async function engineOrGoodbye({ engine: name, gpu, threads: count }: StepsSettings): Promise<Engine> {
  try {
    return await (name === 'gpu'
      ? createGpuEngine({ adapter: gpu, threads: count })
      : createWasmEngine({ threads: count }));
  } catch (error) {
    tell({ type: 'unready', error: jobErrorOf(error) });
    return process.exit();
  }
}

/** Runs one task, and always answers it. */
async function run(task: number, spec: JobSpec): Promise<void> {
  const abort = new AbortController();
  running = { task, abort };
  try {
    loaded = await loadDataset(store, spec, loaded);
    const measurement = await measure(spec, {
      dataset: loaded,
      engine,
      artifacts: fileArtifacts(settings.dataDir),
      host: settings.host,
      signal: abort.signal,
      onProgress: paced((progress) => tell({ type: 'progress', task, progress })),
    });
    const outcome = await storeMeasurement(store.blobs, measurement);
    tellOfDevice();
    tell({ type: 'done', task, outcome });
  } catch (error) {
    tellOfDevice();
    if (abort.signal.aborted) tell({ type: 'aborted', task });
    else tell({ type: 'failed', task, error: jobErrorOf(error) });
  } finally {
    running = undefined;
  }
}

function tellOfDevice(): void {
  const work = engine.work?.();
  if (work !== undefined) tell({ type: 'device', restarts: work.restarts });
}

async function close(): Promise<void> {
  running?.abort.abort(new Error('the worker stops'));
  await engine[Symbol.asyncDispose]();
  port.close();
}

/** Lets a change of phase through at once, and everything else ten times a second. */
function paced(report: (progress: MeasurementProgress) => void): (progress: MeasurementProgress) => void {
  let phase: string | undefined;
  let reportedAt = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.phase === phase && now - reportedAt < PROGRESS_MS) return;
    phase = progress.phase;
    reportedAt = now;
    report(progress);
  };
}

function settingsOf(value: unknown): StepsSettings {
  if (typeof value !== 'object' || value === null) throw unset();
  const { dataDir, engine: name, gpu, threads: count, host }: Record<string, unknown> = { ...value };
  const engineClass = ENGINE_CLASSES.find((each) => each === name);
  if (
    typeof dataDir === 'string' &&
    typeof count === 'number' &&
    typeof host === 'string' &&
    (gpu === undefined || typeof gpu === 'string') &&
    engineClass !== undefined
  ) {
    return { dataDir, engine: engineClass, gpu, threads: count, host };
  }
  throw unset();
}

function unset(): TypeError {
  return new TypeError('the steps thread was started without its settings');
}
