import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Adapter, EngineError, type GpuMode } from '../engine.js';
import { type Answer, type Ask, answers, type Seconds, type Work } from './protocol.js';

export interface ProcessOptions {
  readonly mode: GpuMode;
  /** A part of the adapter's name, in any case; see GpuEngineOptions. */
  readonly adapter?: string | undefined;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** How long the device may take for one piece of work before it counts as hung, ms; default 60000. */
  readonly hungMs?: number | undefined;
  /** How long a process may take to open its device, ms; default 30000. */
  readonly startMs?: number | undefined;
  /** What a buffer may take at most, whatever the device allows; a matrix is cut into parts accordingly. */
  readonly maxBufferBytes?: number | undefined;
  /** Another script in place of the device process's own. */
  readonly script?: URL | undefined;
}

export type Done = Omit<Extract<Answer, { type: 'done' }>, 'type' | 'id'>;

/** The process or its device is gone; what was asked of it can be asked of another. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** The device could not do the work. */
export class WorkError extends Error {
  override readonly name = 'WorkError';
  constructor(
    readonly kind: 'memory' | 'device' | 'input',
    why: string,
  ) {
    super(why);
  }
}

const SCRIPT = new URL('./process/main.js', import.meta.url);
const HUNG_MS = 60_000;
const START_MS = 30_000;
/** How long a process that was told to end may take before it is killed. */
const STOP_MS = 2000;
/** How long after its end a process is listened to. */
const DRAIN_MS = 20;
/** How long a killed process may take to be gone. */
const KILL_MS = 1000;
/** What is kept of what a driver prints, for the error that tells of its end. */
const STDERR_BYTES = 2000;

interface Pending {
  resolve(done: Done): void;
  reject(error: Error): void;
}

/** One device process that is ready for work: asks it, and notices when it is gone or hangs. */
export class DeviceProcess {
  /** Loads of matrices, by number. */
  readonly loads = new Map<number, Promise<void>>();
  /** Resolves with what happened once the process has ended. */
  readonly ended: Promise<string>;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: string | undefined;
  private hung: NodeJS.Timeout | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly adapter: Adapter,
    readonly maxBufferBytes: number,
    private readonly hungMs: number,
    ended: Promise<string>,
  ) {
    this.ended = ended;
    child.on('message', (message: unknown) => this.take(message));
    void ended.then((why) => this.lose(why));
  }

  /** Starts a process and waits for its device. Rejects with EngineError 'device' if there is none, or if it is stopped. */
  static async start(options: ProcessOptions, stop?: AbortSignal): Promise<DeviceProcess> {
    const { mode, adapter = '', maxBufferBytes = Number.MAX_SAFE_INTEGER, env = {} } = options;
    const { hungMs = HUNG_MS, startMs = START_MS, script = SCRIPT } = options;
    const child = fork(fileURLToPath(script), [mode, adapter, String(maxBufferBytes)], {
      serialization: 'advanced',
      // What a debugger or a loader was told of this process is not for that one.
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const ended = endOf(child);
    const late = AbortSignal.timeout(startMs);
    const patience = stop === undefined ? late : AbortSignal.any([late, stop]);
    const first = await Promise.race([firstAnswer(child), ended, endOfPatience(patience)]);
    if (typeof first === 'object' && first.type === 'ready') {
      return new DeviceProcess(child, first.adapter, first.maxBufferBytes, hungMs, ended);
    }
    child.kill('SIGKILL');
    if (stop?.aborted === true) throw new EngineError('device', 'the engine is disposed');
    if (first === undefined) {
      throw new EngineError('device', `the device process did not open its device in ${startMs / 1000} s`);
    }
    if (typeof first === 'object' && first.type === 'unfit') throw new EngineError('device', first.why);
    const why = typeof first === 'string' ? first : 'its first answer is none';
    throw new EngineError('device', `the device process did not start: ${why}`);
  }

  get isLost(): boolean {
    return this.gone !== undefined;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Rejects with DeviceLostError or WorkError. */
  ask(work: Work): Promise<Done> {
    if (this.gone !== undefined) return Promise.reject(new DeviceLostError(this.gone));
    this.lastId += 1;
    const id = this.lastId;
    // Of work that waits in turn each answer starts the time anew.
    if (this.pending.size === 0) this.watch();
    const answered = new Promise<Done>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
    });
    this.send({ type: 'ask', id, work });
    return answered;
  }

  /** Lets it give back what it holds, and makes sure that it is gone. */
  async stop(): Promise<void> {
    this.lose('the engine is disposed');
    this.send({ type: 'close' });
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await Promise.race([this.ended, delay(STOP_MS + KILL_MS, undefined, { ref: false })]);
    clearTimeout(late);
    // A driver may hold even a killed process; this one does not wait for it.
    if (this.child.connected) this.child.disconnect();
    this.child.stderr?.destroy();
    this.child.unref();
  }

  private send(ask: Ask): void {
    if (!this.child.connected) return;
    this.child.send(ask, (error) => {
      if (error !== null) this.lose(error.message);
    });
  }

  private take(message: unknown): void {
    if (!answers.fits(message)) {
      this.kill(`it answered what is no answer: ${JSON.stringify(answers.faults(message))}`);
      return;
    }
    if (message.type === 'lost') this.lose(`its device was lost: ${message.why}`);
    if (message.type !== 'done' && message.type !== 'failed') return;
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    clearTimeout(this.hung);
    if (this.pending.size > 0) this.watch();
    if (message.type === 'failed') pending?.reject(new WorkError(message.kind, message.why));
    else pending?.resolve({ arrays: message.arrays, seconds: message.seconds });
  }

  /** Work is done in turn, so some answer has to come in the time that one piece may take. */
  private watch(): void {
    clearTimeout(this.hung);
    this.hung = setTimeout(() => this.kill(`it did not answer in ${this.hungMs / 1000} s`), this.hungMs);
  }

  private kill(why: string): void {
    this.lose(why);
    this.child.kill('SIGKILL');
  }

  private lose(why: string): void {
    clearTimeout(this.hung);
    this.gone ??= why;
    for (const { reject } of this.pending.values()) reject(new DeviceLostError(this.gone));
    this.pending.clear();
  }
}

export const NO_SECONDS: Seconds = { kernels: 0, transfer: 0, selection: 0 };

function firstAnswer(child: ChildProcess): Promise<Answer | 'no answer'> {
  return new Promise((resolve) => {
    child.once('message', (message: unknown) => resolve(answers.fits(message) ? message : 'no answer'));
  });
}

function endOfPatience(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** Resolves with how a process ended and what it printed last. */
function endOf(child: ChildProcess): Promise<string> {
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-STDERR_BYTES);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.once('exit', async (code, signal) => {
      // What it printed last may still be on its way.
      await delay(DRAIN_MS);
      const how = signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
      const last = printed.trim();
      resolve(last === '' ? how : `${how}: ${last}`);
    });
  });
}
