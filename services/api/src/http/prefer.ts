export const MAX_WAIT_SECONDS = 60;

/** Seconds in `Prefer: wait=N`, at most 60; undefined without, or where it is not to be understood (RFC 7240: then it is ignored). */
export function preferredWait(header: string | string[] | undefined): number | undefined {
  for (const preference of [header ?? []].flat().join(',').split(/[,;]/)) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference) ?? [];
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT_SECONDS);
  }
  return undefined;
}
