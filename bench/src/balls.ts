import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeRegion, measure, memoryArtifacts } from '@levy/concentration';
import type { JobSpec } from '@levy/contracts';
import { DatasetStore, type LoadedDataset } from '@levy/datasets';
import { createWasmEngine, type Engine } from '@levy/kernels';
import { coveredCount, requiredLevel, resolveJob } from '@levy/plan';
import { type Contender, contest, formatStandings } from './contest.js';
import { thisMachine } from './machine.js';
import { PythonPeer } from './python-peer.js';

const USAGE = `How fast are the greedy balls, beside the published algorithm written plainly in torch and NumPy?

  node bench/dist/balls.js [--dataset mnist] [--rows 60000] [--epsilon 3.16] [--alpha 0.01] [--slack 0.25] [--T 20]
                           [--centres 200] [--rounds 3] [--jobs 2] [--json FILE]

The data set is taken from the store in LEVY_DATA_DIR (./.levy): levy datasets import mnist --from DIR first.
Ours places every ball about any row. The peers try some centres for one ball, the middle one of the search, so that it
costs what a ball does on average; what they would take for all centres and balls is scaled from that.`;

const { values: options } = parseArgs({
  options: {
    dataset: { type: 'string', default: 'mnist' },
    rows: { type: 'string', default: '60000' },
    epsilon: { type: 'string', default: '3.16' },
    alpha: { type: 'string', default: '0.01' },
    slack: { type: 'string', default: '0.25' },
    T: { type: 'string', default: '20' },
    centres: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '2' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const PEERS = ['torch', 'numpy compare', 'numpy sort'] as const;
type Peer = (typeof PEERS)[number];
/** Rows of the check that the whole search gives the same balls. */
const CHECKED_ROWS = 1500;

if (options.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const [rounds, jobs] = [Number(options.rounds), Number(options.jobs)];
  const store = await DatasetStore.open(process.env['LEVY_DATA_DIR'] ?? '.levy');
  const data = firstRows(await store.load(options.dataset), Number(options.rows));
  const folder = await mkdtemp(join(tmpdir(), 'levy-bench-'));
  try {
    const file = join(folder, 'points.bin');
    await writeFile(file, data.train.data);
    const script = new URL('../peers/balls.py', import.meta.url).pathname;
    const args = [file, data.train.rows, data.train.columns, jobs].map(String);
    const { peer, ready } = await PythonPeer.start(script, args);
    await using python = peer;
    await using engine = await createWasmEngine({ threads: jobs });
    await checkWholeSearch(firstRows(data, CHECKED_ROWS), engine, python);
    const found = await search(data, engine);
    const question = await checkMiddleBall(data, found.balls, python);
    const all = data.train.rows ** 2 * data.train.columns * found.balls.length;
    const standings = (await contest(contenders(data, engine, python, question, all), rounds)).map(
      (standing) => ({ ...standing, scaledSeconds: all / standing.stepsPerSecond }),
    );
    const { epsilon, alpha, slack, T } = options;
    const report = {
      ...{ machine: thisMachine(), peers: ready, dataset: options.dataset },
      ...{ rows: data.train.rows, columns: data.train.columns, epsilon, alpha, slack, T, jobs },
      standings,
    };
    console.log(JSON.stringify({ ...report, standings: undefined }));
    console.log(formatStandings(standings));
    console.log(`Scaled to ${data.train.rows} centres × ${found.balls.length} balls:`);
    for (const { name, scaledSeconds } of standings) console.log(`  ${name}: ${Math.round(scaledSeconds)} s`);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A centre's row and the squared radius. */
type Ball = readonly [number, number];

/** Our whole search. */
async function search(data: LoadedDataset, engine: Engine): Promise<{ balls: Ball[]; seconds: number }> {
  const spec = specOn(data);
  const { result, files } = await measure(spec, {
    ...{ dataset: data, engine, artifacts: memoryArtifacts(), host: 'bench' },
  });
  const { shape } = await decodeRegion(
    files.find(({ name }) => name === 'region.npz')?.bytes ?? new Uint8Array(),
  );
  if (shape.kind !== 'balls' || shape.storedRadius === undefined)
    throw new Error('this bench compares byte data');
  const centres = Array.from(shape.center, (value) => Math.round(value * data.dataset.scale));
  const balls = Array.from(shape.storedRadius, (radius, t): Ball => {
    const row = rowEqual(data, centres.slice(t * shape.columns, (t + 1) * shape.columns));
    return [row, Number(radius)];
  });
  return { balls, seconds: result.timings['balls'] ?? 0 };
}

/** What a peer is to do: the rest of a search, or one ball of it about some centres. */
interface Question {
  readonly rows: number;
  readonly need: number;
  readonly T: number;
  readonly epsilon: number;
  readonly placed: readonly Ball[];
  readonly balls: number;
  readonly centres?: readonly number[];
}

async function ask(python: PythonPeer, peer: Peer, question: Question) {
  const answer = await python.ask(JSON.stringify({ peer, ...question }));
  const seconds: unknown = Object(answer).seconds;
  const balls: unknown = Object(answer).balls;
  if (typeof seconds !== 'number' || !Array.isArray(balls))
    throw new Error('the peer answered something else');
  return { seconds, balls };
}

function wholeSearch(data: LoadedDataset): Question {
  const { alpha, slack } = specOn(data);
  const T = Number(options.T);
  const need = coveredCount(requiredLevel(alpha, slack), data.train.rows, 'ceil');
  const epsilon = Number(options.epsilon) * data.dataset.scale;
  return { rows: data.train.rows, need, T, epsilon, placed: [], balls: T };
}

/** No figure counts before the results are equal. On few rows: every ball of the search. */
async function checkWholeSearch(data: LoadedDataset, engine: Engine, python: PythonPeer): Promise<void> {
  const ours = await search(data, engine);
  for (const peer of PEERS) {
    const { balls } = await ask(python, peer, wholeSearch(data));
    if (JSON.stringify(balls) !== JSON.stringify(ours.balls)) {
      throw new Error(
        `on ${data.train.rows} rows ${peer} places ${JSON.stringify(balls)}, we ${JSON.stringify(ours.balls)}`,
      );
    }
    console.error(`${peer}: the same ${balls.length} balls on ${data.train.rows} rows`);
  }
}

/** On all rows: the middle ball. Ours is the best about any row, so that it is the best of some centres it is among. */
async function checkMiddleBall(
  data: LoadedDataset,
  ours: readonly Ball[],
  python: PythonPeer,
): Promise<Question> {
  const middle = Math.floor(ours.length / 2);
  const ball = ours[middle];
  if (ball === undefined) throw new Error('there are no balls');
  const others = Number(options.centres) - 1;
  const spread = Array.from({ length: others }, (_, i) => Math.floor((i * data.train.rows) / others));
  const centres = [...new Set([...spread, ball[0]])].sort((a, b) => a - b);
  const question = { ...wholeSearch(data), placed: ours.slice(0, middle), balls: 1, centres };
  for (const peer of PEERS) {
    const { balls } = await ask(python, peer, question);
    if (JSON.stringify(balls) !== JSON.stringify([ball])) {
      throw new Error(
        `ball ${middle + 1}: ${peer} places ${JSON.stringify(balls)}, we ${JSON.stringify(ball)}`,
      );
    }
    console.error(`${peer}: the same ball ${middle + 1}, of ${centres.length} centres`);
  }
  return question;
}

/** @param all elementary steps of the algorithm as it stands, which meets every row with every row for each ball. */
function contenders(
  data: LoadedDataset,
  engine: Engine,
  python: PythonPeer,
  question: Question,
  all: number,
): Contender[] {
  const { rows, columns } = data.train;
  const centres = question.centres?.length ?? rows;
  const ours = {
    question: `${rows} centres × every ball`,
    steps: all,
    run: async () => (await search(data, engine)).seconds,
  };
  const titles: Record<Peer, string> = {
    torch: 'torch, as published',
    'numpy compare': `NumPy, as published, ${options.jobs} processes`,
    'numpy sort': `NumPy, sorting instead, ${options.jobs} processes`,
  };
  return [
    { name: `Lévy, wasm, ${options.jobs} threads`, ...ours },
    { name: 'control: the same again', ...ours },
    ...PEERS.map((peer) => ({
      name: titles[peer],
      question: `${centres} centres × 1 ball, scaled`,
      steps: centres * rows * columns,
      run: async () => (await ask(python, peer, question)).seconds,
    })),
  ];
}

function specOn({ dataset }: LoadedDataset): JobSpec {
  const { epsilon, alpha, slack, T } = options;
  const job = { metric: 'l2', method: 'balls', protocol: 'paper', epsilon: Number(epsilon) };
  const resolved = resolveJob(
    { dataset: dataset.id, ...job, alpha: Number(alpha), slack: Number(slack), T: Number(T) },
    dataset,
  );
  if (!resolved.ok) throw new Error(resolved.faults.map(({ detail }) => detail).join('; '));
  return resolved.spec;
}

/** The lowest row with these values: of equal rows the lowest is the centre. */
function rowEqual({ train }: LoadedDataset, values: readonly number[]): number {
  for (let row = 0; row < train.rows; row++) {
    const start = row * train.columns;
    if (values.every((value, j) => train.data[start + j] === value)) return row;
  }
  throw new Error('a ball is about no training row');
}

/** The data set with its first training rows only, as one of its own. */
function firstRows({ dataset, train, test }: LoadedDataset, most: number): LoadedDataset {
  const rows = Math.min(train.rows, most);
  if (train.dtype !== 'u1') throw new Error('this bench compares byte data');
  const data = train.data.subarray(0, rows * train.columns);
  const sha256 = createHash('sha256').update(data).digest('hex');
  const splits = { ...dataset.splits, train: { rows, bytes: data.length, sha256 } };
  return {
    dataset: { ...dataset, digest: sha256, splits },
    train: { dtype: 'u1', rows, columns: train.columns, data },
    test,
  };
}
