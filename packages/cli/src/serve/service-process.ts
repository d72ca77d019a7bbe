import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export interface ServiceSettings {
  /** As it is named in logs. */
  readonly name: string;
  /** The script that Node.js runs. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets each line that it prints. */
  readonly onLine: (line: string) => void;
  /** Told of a death that is followed by another start. */
  readonly onRestart: (how: string, seconds: number) => void;
  /** Pauses before it is started again; after as many deaths in a row it is given up. */
  readonly backoffSeconds?: readonly number[];
}

const BACKOFF_SECONDS = [0.5, 1, 2, 4, 8];
/** A process that lived so long has started well: earlier deaths are forgotten. */
const SETTLED_SECONDS = 60;
const LAST_LINES = 10;

/**
 * A service as a child process that is started again when it dies, after a growing pause, and given up when it dies
 * too often. It stands in its own process group, so that Ctrl-C reaches it only through us; when we die without a
 * word, its channel to us closes, and it ends by itself.
 */
export class ServiceProcess {
  /** Rejects when the service is given up; never resolves. */
  readonly gaveUp: Promise<never>;
  readonly #settings: ServiceSettings;
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<string> = Promise.resolve('not started');
  readonly #stopping = new AbortController();

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
    this.gaveUp = this.#keepRunning();
    // Whoever awaits it learns of it; nobody has to.
    this.gaveUp.catch(() => {});
    process.once('exit', this.#kill);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks it to stop, and kills it if it has not within the time. */
  async stop(milliseconds: number): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const bound = setTimeout(this.#kill, milliseconds);
    await this.#exited;
    clearTimeout(bound);
    process.off('exit', this.#kill);
  }

  readonly #kill = (): void => {
    this.#child?.kill('SIGKILL');
  };

  async #keepRunning(): Promise<never> {
    let deaths = 0;
    for (;;) {
      const started = performance.now();
      this.#exited = this.#run();
      const how = await this.#exited;
      if (this.#stopping.signal.aborted) return forever();
      if ((performance.now() - started) / 1000 > SETTLED_SECONDS) deaths = 0;
      const pause = (this.#settings.backoffSeconds ?? BACKOFF_SECONDS)[deaths];
      deaths += 1;
      if (pause === undefined) throw this.#givingUp(how, deaths);
      this.#settings.onRestart(how, pause);
      await delay(pause * 1000, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return forever();
    }
  }

  /** Runs it once, and answers how it ended. */
  #run(): Promise<string> {
    const { script, args = [], env, onLine } = this.#settings;
    const child = spawn(process.execPath, [script, ...args], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
        onLine(line);
      });
    }
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) =>
        resolve(code === null ? `was ended by ${signal}` : `ended with ${code}`),
      );
    });
  }

  #givingUp(how: string, deaths: number): Error {
    const said = this.#lastLines.map((line) => `  ${line}`).join('\n');
    return new Error(
      `the ${this.#settings.name} ${how}, ${deaths} times in a row; it printed last:\n${said}`,
    );
  }
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
