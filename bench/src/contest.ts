/** Something that answers `steps` elementary steps (one |a−b| added is one) whenever it is run. */
export interface Contender {
  readonly name: string;
  /** What was asked: peers may answer fewer rows than we do. */
  readonly question: string;
  readonly steps: number;
  /** Runs once and resolves to the seconds it took. */
  run(): Promise<number>;
}

export interface Standing {
  readonly name: string;
  readonly question: string;
  readonly seconds: readonly number[];
  readonly medianSeconds: number;
  readonly stepsPerSecond: number;
  /** Steps per second of the first contender over this one's. */
  readonly ratio: number;
}

/** Runs all contenders in turn, `rounds` times, so that a busy moment of the machine falls on all alike. */
export async function contest(contenders: readonly Contender[], rounds: number): Promise<Standing[]> {
  const seconds = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const took = await contender.run();
      seconds[index]?.push(took);
      console.error(`round ${round + 1}/${rounds}  ${contender.name}: ${took.toFixed(2)} s`);
    }
  }
  const rates = contenders.map((contender, index) => contender.steps / median(seconds[index] ?? []));
  return contenders.map((contender, index) => ({
    name: contender.name,
    question: contender.question,
    seconds: seconds[index] ?? [],
    medianSeconds: median(seconds[index] ?? []),
    stepsPerSecond: rates[index] ?? 0,
    ratio: (rates[0] ?? 0) / (rates[index] ?? 1),
  }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** A table for people. */
export function formatStandings(standings: readonly Standing[]): string {
  const header = ['', 'answered', 'median s', '10⁹ steps/s', 'ours is'];
  const rows = standings.map(({ name, question, medianSeconds, stepsPerSecond, ratio }) => [
    name,
    question,
    medianSeconds.toFixed(2),
    (stepsPerSecond / 1e9).toFixed(2),
    `${ratio.toFixed(2)}×`,
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
