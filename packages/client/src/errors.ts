import type { Problem } from '@levy/contracts';

/** The service refused a request or could not carry it out, and said why in a problem document. */
export class LevyProblem extends Error {
  override readonly name = 'LevyProblem';

  constructor(
    readonly problem: Problem,
    /** What the answer's Retry-After asked for. */
    readonly retryAfterSeconds?: number,
  ) {
    super(problem.detail);
  }

  /** The `<code>` of the problem's type, such as "invalid-job". */
  get code(): string {
    return this.problem.type.split('/').at(-1) ?? '';
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Nothing answers at the address, or the connection broke before the answer was there. */
export class LevyUnreachable extends Error {
  override readonly name = 'LevyUnreachable';

  constructor(
    readonly address: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${address} cannot be reached: ${reason}`, options);
  }
}

/** Something answers, but not as this API does: another service, a proxy, or a release that differs. */
export class LevyUnexpectedAnswer extends Error {
  override readonly name = 'LevyUnexpectedAnswer';

  constructor(
    readonly address: string,
    readonly status: number,
    what: string,
  ) {
    super(`${address} answered ${status}, but not as this API does: ${what}`);
  }
}
