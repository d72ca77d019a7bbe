import type { Connections } from '../connection/connections.js';

/** Told of one job's changes from the moment it was made. */
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

  async watch(id: string): Promise<Watch> {
    this.#subscribe();
    const listeners = this.#listeners.get(id) ?? new Set<Listener>();
    this.#listeners.set(id, listeners);
    const missed: string[] = [];
    let wake: Listener = (status) => missed.push(status);
    const listener: Listener = (status) => wake(status);
    listeners.add(listener);
    return {
      next: ({ timeoutMs, final, signal }) =>
        new Promise<void>((resolve, reject) => {
          const relevant = (status: string) => !final || endsWait(status);
          const settle = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            wake = (status) => missed.push(status);
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
          for (const status of missed.splice(0)) wake(status);
        }),
      [Symbol.asyncDispose]: async () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
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
    const [id = '', , status = ''] = message.split(' ');
    for (const listener of this.#listeners.get(id) ?? []) listener(status);
  }

  #wakeAll(): void {
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) listener(LOOK_AGAIN);
    }
  }
}

const LOOK_AGAIN = 'look-again';
const QUIET = new Set(['queued', 'running', 'canceling']);

function endsWait(status: string): boolean {
  return !QUIET.has(status);
}
