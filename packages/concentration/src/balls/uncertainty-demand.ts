import { MeasurementError } from '../measurement.js';
import { BILLION } from '../uncertainty/label-uncertainty.js';

/** Names the rows that a ball about `centre` is counted with, of which those that its distances chose are some. */
export type CountedRows = (centre: number, chosen: Uint32Array) => Uint32Array;

/**
 * What γ asks of every ball: that the rows which it newly covers have a mean label uncertainty of at least γ. Sums
 * and γ are whole billionths, so that every comparison is exact.
 */
export class UncertaintyDemand {
  private readonly gamma: number;
  private readonly refused = new Map<string, number>();
  private most = 0;

  /**
   * @param gamma 0…2, taken to nine decimals.
   * @param uncertainty of every row of the matrix, in billionths.
   * @param counted where the rows that a ball is counted with may be more than its distances choose: on floats.
   */
  constructor(
    gamma: number,
    readonly uncertainty: Float64Array,
    readonly counted?: CountedRows,
  ) {
    this.gamma = Math.round(gamma * BILLION);
  }

  /** The largest mean over the candidates met in this search, rounded down to nine decimals: that γ is met. */
  get attainable(): number {
    return Math.max(this.most, ...this.refused.values()) / BILLION;
  }

  /** Before every look at all candidates. */
  beginSearch(): void {
    this.most = 0;
  }

  /** Whether a candidate, named by its centre and a row on its rim, counts. @param sum over its `newly` uncovered rows. */
  isMetBy(centre: number, rim: number, sum: number, newly: number): boolean {
    if (this.refused.size > 0 && this.refused.has(nameOf(centre, rim))) return false;
    this.most = Math.max(this.most, Math.floor(sum / newly));
    return sum >= this.gamma * newly;
  }

  /**
   * Looks again at a candidate that counts, with all the rows that it will be counted with. One that fails is left
   * out until a ball is placed.
   */
  confirms(centre: number, rim: number, rows: Uint32Array, covered: Uint8Array): boolean {
    let [sum, newly] = [0, 0];
    for (const row of rows) {
      if (covered[row] === 1) continue;
      sum += this.uncertainty[row] ?? 0;
      newly++;
    }
    const confirmed = sum >= this.gamma * newly;
    if (confirmed) this.refused.clear();
    else this.refused.set(nameOf(centre, rim), Math.floor(sum / newly));
    return confirmed;
  }
}

/** γ is more than any ball of some step can bring. */
export class UnattainableGamma extends MeasurementError {
  /** @param attainable the largest mean label uncertainty that a ball could bring there. */
  constructor(
    readonly T: number,
    readonly attainable: number,
    ball: { readonly gamma: number; readonly number: number; readonly fewest: number },
  ) {
    const rows = ball.fewest === 1 ? '1 row' : `${ball.fewest} rows`;
    super(
      'input',
      `gamma = ${ball.gamma} cannot be had with T = ${T}: ball ${ball.number} must newly cover at least ${rows}, ` +
        `and the largest mean label uncertainty of the rows that a ball could newly cover there is ${attainable}; lower gamma` +
        `${ball.fewest > 1 ? ' or raise T' : ''}`,
    );
  }
}

function nameOf(centre: number, rim: number): string {
  return `${centre} ${rim}`;
}
