/** Bytes from `start` up to, not including, `end`. */
export interface RequestedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks of `size` bytes: undefined for all of them (no header, another unit, several ranges or
 * nonsense, which RFC 9110 lets a server ignore), 'unsatisfiable' where nothing of it is there.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): RequestedRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
