/**
 * Exact rationals. Every comparison with ε and every count such as ceil(n·α) is decided on these,
 * because the nearest float of a decimal is a different number (method: "a truncated decimal is a different ε").
 */
export interface Rational {
  readonly num: bigint;
  /** Always positive; the fraction is in lowest terms. */
  readonly den: bigint;
}

/** num/den in lowest terms with a positive denominator. Throws RangeError if den is 0. */
export function rational(num: bigint | number, den: bigint | number = 1n): Rational {
  let n = BigInt(num);
  let d = BigInt(den);
  if (d === 0n) throw new RangeError(`${n}/0 is not a number: the denominator must not be 0`);
  if (d < 0n) {
    n = -n;
    d = -d;
  }
  const divisor = greatestCommonDivisor(n < 0n ? -n : n, d);
  return { num: n / divisor, den: d / divisor };
}

/**
 * The exact value that a person means: a number stands for its shortest decimal (0.3 is 3/10),
 * a string is "p/q" or a plain decimal. Throws RangeError for anything else.
 */
export function parseRational(value: number | string): Rational {
  const text = typeof value === 'number' ? String(value) : value.trim();
  const fraction = /^(-?\d+)\/(\d+)$/.exec(text);
  if (fraction?.[1] !== undefined && fraction[2] !== undefined) {
    return rational(BigInt(fraction[1]), BigInt(fraction[2]));
  }
  const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (!decimal) throw new RangeError(`"${text}" is neither a decimal number nor a fraction p/q`);
  const [, sign = '', whole = '0', decimals = '', exponent = '0'] = decimal;
  const digits = BigInt(sign + whole + decimals);
  const power = Number(exponent) - decimals.length;
  return power >= 0 ? rational(digits * 10n ** BigInt(power)) : rational(digits, 10n ** BigInt(-power));
}

/** "p/q", the form in which ε is answered as `epsilonExact`. */
export function formatRational(value: Rational): string {
  return `${value.num}/${value.den}`;
}

/**
 * The float64 nearest to the rational (for display and for comparisons with float data), correctly rounded above the
 * subnormal range: the quotient is taken to 66 bits with its remainder kept as a last sticky bit.
 */
export function toNumber(value: Rational): number {
  const magnitude = value.num < 0n ? -value.num : value.num;
  const shift = 66 + bitLength(value.den) - bitLength(magnitude);
  const num = shift > 0 ? magnitude << BigInt(shift) : magnitude;
  const den = shift < 0 ? value.den << BigInt(-shift) : value.den;
  const sticky = num % den === 0n ? 0n : 1n;
  const result = timesPowerOfTwo(Number(((num / den) << 1n) | sticky), -shift - 1);
  return value.num < 0n ? -result : result;
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** In two factors, since 2^power alone may overflow or vanish. */
function timesPowerOfTwo(value: number, power: number): number {
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}

export function add(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den + b.num * a.den, a.den * b.den);
}

export function subtract(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den - b.num * a.den, a.den * b.den);
}

export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.num * b.num, a.den * b.den);
}

/** Negative, zero or positive as a is below, equal to or above b. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.num * b.den - b.num * a.den;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The largest integer ≤ value. */
export function floor(value: Rational): bigint {
  const quotient = value.num / value.den;
  return value.num < 0n && quotient * value.den !== value.num ? quotient - 1n : quotient;
}

/** The smallest integer ≥ value. */
export function ceil(value: Rational): bigint {
  return -floor({ num: -value.num, den: value.den });
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}
