import { fileURLToPath } from 'node:url';
import { type Context, remark } from '../context.js';
import type { ServeSettings } from './serve-settings.js';
import { serviceLog } from './service-log.js';
import { ServiceProcess } from './service-process.js';

/** Beyond what a worker may take to drain. */
const STOP_MARGIN_MS = 10_000;

/** The API and a worker, as child processes. */
export class Services implements AsyncDisposable {
  readonly gaveUp: Promise<never>;
  readonly #processes: readonly ServiceProcess[];
  readonly #stopMs: number;

  constructor(context: Context, settings: ServeSettings, env: Readonly<Record<string, string | undefined>>) {
    this.#stopMs = settings.drainSeconds * 1000 + STOP_MARGIN_MS;
    this.#processes = (['api', 'worker'] as const).map(
      (name) =>
        new ServiceProcess({
          name,
          script: entryOf(name),
          env,
          onLine: serviceLog(context, name),
          onRestart: (how, seconds) =>
            remark(context, `levy: the ${name} ${how}; starting it again in ${seconds} s`),
        }),
    );
    this.gaveUp = Promise.race(this.#processes.map((process) => process.gaveUp));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop(this.#stopMs)));
  }
}

/** The script of a service, which is a package of its own that nothing imports. */
export function entryOf(service: 'api' | 'worker'): string {
  return fileURLToPath(new URL(`../../../../services/${service}/dist/main.js`, import.meta.url));
}
