import { createHash, timingSafeEqual } from 'node:crypto';

/** A key as it is kept: its digest, never the key. */
export interface ApiKey {
  /** The `<id>` of levy_<id>_<secret>: the owner of what it makes. */
  readonly id: string;
  /** SHA-256 of the whole key. */
  readonly digest: Buffer;
}

const KEY = /^levy_([A-Za-z0-9-]{1,64})_([A-Za-z0-9_-]+)$/;
const LEAST_SECRET = 16;

/** Keys from a comma-separated list, and what is wrong with it; no fault shows a secret. */
export function parseApiKeys(text: string): { keys: ApiKey[]; faults: string[] } {
  const keys: ApiKey[] = [];
  const faults: string[] = [];
  const entries = text.split(',').map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue;
    const [, id, secret] = KEY.exec(entry) ?? [];
    if (id === undefined || secret === undefined) {
      faults.push(
        `key ${index + 1} is not of the form levy_<id>_<secret> (letters, digits, "-", "_" in the secret)`,
      );
    } else if (secret.length < LEAST_SECRET) {
      faults.push(`the secret of key "${id}" is shorter than ${LEAST_SECRET} characters`);
    } else if (keys.some((key) => key.id === id)) {
      faults.push(`the id "${id}" is there twice; each key is an owner of its own`);
    } else {
      keys.push({ id, digest: digestOf(entry) });
    }
  }
  return { keys, faults };
}

/** The owner whose key stands in an Authorization header. Takes as long whichever key it is, or none. */
export function ownerOf(authorization: string | undefined, keys: readonly ApiKey[]): string | undefined {
  const [, presented = ''] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  const digest = digestOf(presented);
  let owner: string | undefined;
  for (const key of keys) {
    if (timingSafeEqual(key.digest, digest)) owner = key.id;
  }
  return owner;
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
