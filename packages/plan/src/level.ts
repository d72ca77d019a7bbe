import { addRational, multiplyRational, parseRational, type Rational, rational } from '@levy/contracts';

/** α(1 + slack), the least risk that a region must have on the rows it is fitted on. */
export function requiredLevel(alpha: number, slack: number): Rational {
  return multiplyRational(parseRational(alpha), addRational(rational(1), parseRational(slack)));
}
