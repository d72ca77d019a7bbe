import type { Estimate } from '@levy/contracts';

/** The method that found the region, with its T; of a job over all methods, that it won. */
export function methodName({ method, T, candidates }: Pick<Estimate, 'method' | 'T' | 'candidates'>): string {
  const name = withPieces(method, T);
  return candidates === undefined ? name : `all: ${name}`;
}

export function withPieces(method: string, T: number | undefined): string {
  return T === undefined ? method : `${method} T ${T}`;
}
