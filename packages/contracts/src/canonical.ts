import canonicalize from 'canonicalize';

/** JSON in the one canonical form of RFC 8785, so that equal values have equal digests. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('only values that JSON can carry have a canonical form');
  return text;
}
