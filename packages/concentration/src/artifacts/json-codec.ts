import { checker } from '@levy/contracts';
import type { Static, TSchema } from 'typebox';
import type { Codec } from './codec.js';

/** Artifacts that are small JSON documents, checked against their schema when read. */
export function jsonCodec<S extends TSchema>(schema: S): Codec<Static<S>> {
  const check = checker(schema);
  return {
    encode: async (value) => new TextEncoder().encode(JSON.stringify(value)),
    decode: async (bytes) => {
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      if (!check.fits(value)) {
        throw new RangeError(
          `not such an artifact: ${check
            .faults(value)
            .map((fault) => fault.detail)
            .join('; ')}`,
        );
      }
      return value;
    },
  };
}
