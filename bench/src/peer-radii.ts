/** What a peer answers for the neighbours of some rows. */
export interface PeerRadii {
  readonly seconds: number;
  /** The k-th smallest distance of every query, queries being spread evenly over the rows. */
  readonly radii: readonly number[];
}

/** Throws where a peer answered something else. */
export function peerRadiiOf(answer: unknown): PeerRadii {
  const seconds: unknown = Object(answer).seconds;
  const radii: unknown = Object(answer).radii;
  if (typeof seconds !== 'number' || !Array.isArray(radii)) {
    throw new Error('the peer answered something else');
  }
  return { seconds, radii: radii.map(Number) };
}

/** No figure counts before the results are equal: distances of bytes are whole numbers to everybody. */
export function checkRadii(
  ours: ArrayLike<number>,
  peer: PeerRadii,
  name: string,
  /** How far a peer that rounds may be off, relatively. */
  tolerance = 0,
): void {
  for (const [index, radius] of peer.radii.entries()) {
    const row = Math.floor((index * (ours.length - 1)) / Math.max(1, peer.radii.length - 1));
    const own = ours[row] ?? Number.NaN;
    if (!(Math.abs(own - radius) <= tolerance * own)) {
      throw new Error(`row ${row}: ours is ${own}, ${name}'s is ${radius}`);
    }
  }
  console.error(
    `${name}: ${peer.radii.length} radii equal ours${tolerance === 0 ? '' : ` within ${tolerance}`}`,
  );
}
