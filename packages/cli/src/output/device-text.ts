import type { Adapter } from '@levy/contracts';

/** What computed, in a line: of a graphics adapter also what ran its kernels, and whether it is one in software only. */
export function deviceText({
  device,
  adapter,
}: {
  readonly device: string;
  readonly adapter?: Adapter;
}): string {
  if (adapter === undefined) return device;
  const software = adapter.type === 'cpu' ? ', a software adapter,' : '';
  return `${device}${software} by ${adapter.mode}`;
}
