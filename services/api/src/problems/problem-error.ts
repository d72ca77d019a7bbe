import { type Fault, PROBLEMS, type Problem, type ProblemCode } from '@levy/contracts';

export interface ProblemExtras {
  readonly errors?: readonly Fault[] | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere in a request; answered as a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly errors: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.code = code;
    this.errors = extras.errors;
    this.headers = extras.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** @param about the request that it answers. */
  document(about: { instance: string; requestId: string }): Problem {
    return {
      type: `/problems/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.message,
      ...about,
      ...(this.errors === undefined ? {} : { errors: [...this.errors] }),
    };
  }
}
