import type { Estimate } from '@levy/contracts';

/** The method that found the region, with its T and γ; of a job over all methods, that it won. */
export function methodName({
  method,
  T,
  gamma,
  candidates,
}: Pick<Estimate, 'method' | 'T' | 'gamma' | 'candidates'>): string {
  const name = gamma === undefined ? withPieces(method, T) : `${withPieces(method, T)} γ ${gamma}`;
  return candidates === undefined ? name : `all: ${name}`;
}

export function withPieces(method: string, T: number | undefined): string {
  return T === undefined ? method : `${method} T ${T}`;
}
