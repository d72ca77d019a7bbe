import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ceil,
  compare,
  floor,
  formatRational,
  multiply,
  parseRational,
  rational,
  toNumber,
} from './rational.js';

describe('parseRational', () => {
  test.each([
    [0.3, '3/10'],
    [1e-7, '1/10000000'],
    [1.5e3, '1500/1'],
    ['8/255', '8/255'],
    ['16/510', '8/255'],
    [0, '0/1'],
    ['0.0632', '79/1250'],
  ])('%s is exactly %s', (given, exact) => {
    expect(formatRational(parseRational(given))).toBe(exact);
  });

  test.each(['8/0', 'NaN', 'Infinity', '1/2/3', '', 'eight', '0x10', '1e99999'])('refuses %s', (given) => {
    expect(() => parseRational(given)).toThrow(RangeError);
  });

  test('a number and its shortest decimal are the same rational', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), (value) => {
        fc.pre(value === 0 || Math.abs(value) > 1e-290);
        expect(toNumber(parseRational(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

test('counts that floats round wrongly are exact', () => {
  expect(ceil(multiply(parseRational(0.0632), rational(50_000)))).toBe(3160n);
  expect(ceil(multiply(parseRational(0.017), rational(60_000)))).toBe(1020n);
});

test('floor and ceil enclose every rational, negative ones too', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (num, den) => {
        const value = rational(num, den);
        expect(compare(rational(floor(value)), value)).toBeLessThanOrEqual(0);
        expect(compare(rational(ceil(value)), value)).toBeGreaterThanOrEqual(0);
        expect(ceil(value) - floor(value)).toBe(value.den === 1n ? 0n : 1n);
      },
    ),
  );
});
