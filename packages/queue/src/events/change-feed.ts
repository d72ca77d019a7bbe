import type { Connections } from '../connection/connections.js';

/** Whose changes are told: those of one job, or of all of an owner's jobs. */
export type ChangeSource = { readonly job: string } | { readonly owner: string };

/** Told of changes from the moment it was made. */
export interface Watch extends AsyncDisposable {
  /**
   * Resolves at the next change (with `final`: the next one that ends the job), when Redis was away meanwhile, or
   * when the time is over: in any case it is time to look again. Rejects with the signal's reason.
   */
  next(options: { timeoutMs: number; final?: boolean; signal?: AbortSignal | undefined }): Promise<void>;
}

type Listener = (status: string) => void;

/**
 * The changes of records, heard on one subscription for the whole process. Messages may be lost with the
 * connection, so every listener is woken when it goes and when it is back; the record itself tells the rest.
 */
export class ChangeFeed implements AsyncDisposable {
  readonly #connections: Connections;
  readonly #listeners = new Map<string, Set<Listener>>();
  #subscribed: Promise<unknown> | undefined;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async watch(source: ChangeSource): Promise<Watch> {
    this.#subscribe();
    const name = nameOf(source);
    const listeners = this.#listeners.get(name) ?? new Set<Listener>();
    this.#listeners.set(name, listeners);
    // That something was missed, and whether it ended a job, is all that counts: it does not grow while nobody asks.
    const missed = new Set<string>();
    let wake: Listener = (status) => void missed.add(status);
    const listener: Listener = (status) => wake(status);
    listeners.add(listener);
    return {
      next: ({ timeoutMs, final, signal }) =>
        new Promise<void>((resolve, reject) => {
          const relevant = (status: string) => !final || endsWait(status);
          const settle = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            wake = (status) => void missed.add(status);
          };
          const onAbort = (): void => {
            settle();
            reject(signal?.reason);
          };
          const timer = setTimeout(() => {
            settle();
            resolve();
          }, timeoutMs);
          signal?.addEventListener('abort', onAbort, { once: true });
          wake = (status) => {
            if (!relevant(status)) return;
            settle();
            resolve();
          };
          if (signal?.aborted) onAbort();
          const before = [...missed];
          missed.clear();
          for (const status of before) wake(status);
        }),
      [Symbol.asyncDispose]: async () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wakeAll();
    this.#listeners.clear();
  }

  #subscribe(): void {
    if (this.#subscribed !== undefined) return;
    const { subscriber, keys } = this.#connections;
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === keys.changes) this.#tell(message);
    });
    subscriber.on('close', () => this.#wakeAll());
    subscriber.on('ready', () => this.#wakeAll());
    // Waits for Redis where it is away; ioredis renews the subscription by itself after that.
    this.#subscribed = subscriber.subscribe(keys.changes).then(
      () => this.#wakeAll(),
      (error: unknown) => {
        this.#connections.logger.debug({ err: error }, 'the subscription to changes ended');
      },
    );
  }

  #tell(message: string): void {
    const [job = '', , status = '', owner = ''] = message.split(' ');
    for (const source of [{ job }, { owner }]) {
      for (const listener of this.#listeners.get(nameOf(source)) ?? []) listener(status);
    }
  }

  #wakeAll(): void {
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) listener(LOOK_AGAIN);
    }
  }
}

function nameOf(source: ChangeSource): string {
  return 'job' in source ? `job ${source.job}` : `owner ${source.owner}`;
}

const LOOK_AGAIN = 'look-again';
const QUIET = new Set(['queued', 'running', 'canceling']);

function endsWait(status: string): boolean {
  return !QUIET.has(status);
}
