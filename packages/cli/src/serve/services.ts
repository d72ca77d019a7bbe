import { fileURLToPath } from 'node:url';
import type { EngineClass } from '@levy/contracts';
import { type Context, remark } from '../context.js';
import type { ServeSettings } from './serve-settings.js';
import { serviceLog } from './service-log.js';
import { ServiceProcess } from './service-process.js';

/** Beyond what a worker may take to drain. */
const STOP_MARGIN_MS = 10_000;

/** The API and its workers, as child processes. */
export class Services implements AsyncDisposable {
  /** Rejects when a service is given up that is needed; never resolves. */
  readonly gaveUp: Promise<never>;
  readonly #processes: readonly ServiceProcess[];
  readonly #stopMs: number;
  readonly #engines: Set<EngineClass>;

  /** @param engines a worker for each; where the first one's lives, the others are spare */
  constructor(
    context: Context,
    settings: ServeSettings,
    engines: readonly EngineClass[],
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#stopMs = settings.drainSeconds * 1000 + STOP_MARGIN_MS;
    this.#engines = new Set(engines);
    const start = (name: string, script: string, own: Readonly<Record<string, string>>) =>
      new ServiceProcess({
        name,
        script,
        env: { ...env, ...own },
        onLine: serviceLog(context, name),
        onRestart: (how, seconds) =>
          remark(context, `levy: the ${name} ${how}; starting it again in ${seconds} s`),
      });
    const api = start('api', entryOf('api'), {});
    const workers = engines.map((engine, index) =>
      start(index === 0 ? 'worker' : `${engine} worker`, entryOf('worker'), {
        LEVY_ENGINE: engine,
        ...(settings.workerPort === undefined ? {} : { LEVY_WORKER_PORT: `${settings.workerPort + index}` }),
      }),
    );
    const [first, ...spare] = workers;
    this.#processes = [api, ...workers];
    this.gaveUp = Promise.race([api, ...(first === undefined ? [] : [first])].map(({ gaveUp }) => gaveUp));
    for (const [index, worker] of spare.entries()) {
      worker.gaveUp.catch((error: Error) => {
        const engine = engines[index + 1];
        if (engine !== undefined) this.#engines.delete(engine);
        remark(context, `levy: ${error.message}\nlevy: the service goes on without it`);
      });
    }
  }

  /** Engines whose workers are there or may still come. */
  get engines(): ReadonlySet<EngineClass> {
    return this.#engines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop(this.#stopMs)));
  }
}

/** The script of a service, which is a package of its own that nothing imports. */
export function entryOf(service: 'api' | 'worker'): string {
  return fileURLToPath(new URL(`../../../../services/${service}/dist/main.js`, import.meta.url));
}
