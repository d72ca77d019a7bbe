import { PROBLEM, type Shape } from './answers.js';
import { LevyProblem, LevyUnexpectedAnswer, LevyUnreachable } from './errors.js';
import { pause } from './pause.js';

export interface TransportOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** Instead of the global fetch. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How often a request is repeated after a lost connection or a 503, beyond the first time. */
  readonly retries?: number | undefined;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Starts with "/v1/". */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as multipart/form-data, instead of `body`. */
  readonly form?: FormData | undefined;
  /** How long the service may hold its answer back, beyond the usual time for an answer. */
  readonly heldSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

const ANSWER_SECONDS = 30;
const DEFAULT_RETRIES = 3;
const LONGEST_PAUSE_SECONDS = 30;

/**
 * Sends requests and repeats those that may be repeated. Every request of this API may: GET, DELETE and cancel
 * change nothing the second time, and what creates something carries an Idempotency-Key.
 */
export class Transport {
  readonly baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #retries: number;

  constructor(options: TransportOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#apiKey = options.apiKey;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#retries = options.retries ?? DEFAULT_RETRIES;
  }

  /**
   * The answer, if it is 2xx or 304.
   * Throws LevyProblem, LevyUnreachable, LevyUnexpectedAnswer, or the signal's reason.
   */
  async send(request: Request): Promise<Answer> {
    for (let failures = 0; ; failures += 1) {
      const outcome = await this.#attempt(request);
      if (!(outcome instanceof Error)) return outcome;
      const wait = failures < this.#retries ? pauseBefore(outcome, failures) : undefined;
      if (wait === undefined) throw outcome;
      await pause(wait * 1000, request.signal);
    }
  }

  async sendFor<T>(request: Request, shape: Shape<T>): Promise<T> {
    return this.read(await this.send(request), shape);
  }

  /**
   * The answer, if it is 2xx, its body still to be read: for one that goes on. Sent once, and bounded only by its
   * signal. Throws as `send` does.
   */
  async open(request: Request): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(this.#address(request), this.#init(request, request.signal));
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new LevyUnreachable(this.baseUrl, reasonOf(error), { cause: error });
    }
    if (response.ok) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    throw this.#refusal({ status: response.status, headers: response.headers, bytes });
  }

  read<T>(answer: Answer, shape: Shape<T>): T {
    const value = parseJson(answer.bytes);
    if (shape.fits(value)) return value;
    const fault = shape.faults(value)[0];
    throw new LevyUnexpectedAnswer(this.baseUrl, answer.status, fault?.detail ?? 'not JSON');
  }

  /** An error is answered where repeating may help, and thrown where it cannot. */
  async #attempt(request: Request): Promise<Answer | LevyProblem | LevyUnreachable> {
    const timeout = AbortSignal.timeout((ANSWER_SECONDS + (request.heldSeconds ?? 0)) * 1000);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    let answer: Answer;
    try {
      const response = await this.#fetch(this.#address(request), this.#init(request, signal));
      const bytes = new Uint8Array(await response.arrayBuffer());
      answer = { status: response.status, headers: response.headers, bytes };
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      return new LevyUnreachable(this.baseUrl, reasonOf(error), { cause: error });
    }
    if ((answer.status >= 200 && answer.status < 300) || answer.status === 304) return answer;
    const refusal = this.#refusal(answer);
    if (refusal instanceof LevyProblem) return refusal;
    throw refusal;
  }

  #refusal({ status, headers, bytes }: Answer): LevyProblem | LevyUnexpectedAnswer {
    const problem = parseJson(bytes);
    if (PROBLEM.fits(problem)) return new LevyProblem(problem, retryAfter(headers));
    return new LevyUnexpectedAnswer(this.baseUrl, status, 'the body is no problem document');
  }

  #init(request: Request, signal: AbortSignal | undefined): RequestInit {
    return {
      method: request.method,
      headers: this.#headers(request),
      ...(signal === undefined ? {} : { signal }),
      ...bodyOf(request),
    };
  }

  #address(request: Request): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined) query.append(name, String(one));
      }
    }
    return `${this.baseUrl}${request.path}${query.size > 0 ? `?${query}` : ''}`;
  }

  #headers(request: Request): Record<string, string> {
    return {
      accept: 'application/json, application/problem+json, */*',
      ...(this.#apiKey === undefined ? {} : { authorization: `Bearer ${this.#apiKey}` }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    };
  }
}

function bodyOf({ body, form }: Request): { body?: string | FormData } {
  if (form !== undefined) return { body: form };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

/** The pause that the answer asks for, in seconds. */
export function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, LONGEST_PAUSE_SECONDS) : undefined;
}

/** Seconds to wait before the request is repeated; undefined if repeating it would not help. */
function pauseBefore(error: Error, failures: number): number | undefined {
  if (error instanceof LevyProblem) {
    const repeatable = error.status === 503 || error.status === 429 || error.code === 'idempotency-in-flight';
    if (!repeatable) return undefined;
    if (error.retryAfterSeconds !== undefined) return error.retryAfterSeconds;
  }
  return 0.2 * 3 ** failures * (0.75 + Math.random() / 2);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** fetch says only "fetch failed"; what went wrong stands in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_SECONDS} s`;
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
