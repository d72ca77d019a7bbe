import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DatasetStore } from '@levy/datasets';
import { createWasmEngine, type Engine, type MatrixHandle } from '@levy/kernels';
import { type Contender, contest, formatStandings } from './contest.js';
import { thisMachine } from './machine.js';
import { checkRadii, peerRadiiOf } from './peer-radii.js';
import { firstRows } from './points.js';
import { PythonPeer } from './python-peer.js';

const USAGE = `How fast are ℓ1 neighbour radii, beside SciPy's and scikit-learn's brute force?

  node bench/dist/neighbours.js [--dataset mnist] [--rows 60000] [--k 50] [--rounds 3] [--jobs 2] [--json FILE]

The data set is taken from the store in LEVY_DATA_DIR (./.levy): levy datasets import mnist --from DIR first.
Ours answers every row against all rows; the peers answer 2000 rows against all, with the same number of threads.`;

const PEER_QUERIES = 2000;

const { values: options } = parseArgs({
  options: {
    dataset: { type: 'string', default: 'mnist' },
    rows: { type: 'string', default: '60000' },
    k: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '2' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const [k, rounds, jobs] = [Number(options.k), Number(options.rounds), Number(options.jobs)];
  const store = await DatasetStore.open(process.env['LEVY_DATA_DIR'] ?? '.levy');
  const points = firstRows((await store.load(options.dataset)).train, Number(options.rows));
  const folder = await mkdtemp(join(tmpdir(), 'levy-bench-'));
  try {
    const file = join(folder, 'points.bin');
    await writeFile(file, points.data);
    const queries = Math.min(PEER_QUERIES, points.rows);
    const script = new URL('../peers/neighbours.py', import.meta.url).pathname;
    const args = [file, points.rows, points.columns, k, queries, jobs].map(String);
    const { peer, ready } = await PythonPeer.start(script, args);
    await using python = peer;
    await using engine = await createWasmEngine({ threads: jobs });
    using handle = await engine.load(points);
    await checkEquality(engine, handle, python, k);
    const standings = await contest(contenders({ engine, handle, python, k, queries }), rounds);
    const report = {
      machine: thisMachine(),
      peers: ready,
      dataset: options.dataset,
      rows: points.rows,
      columns: points.columns,
      k,
      jobs,
      standings,
    };
    console.log(JSON.stringify({ ...report, standings: undefined }));
    console.log(formatStandings(standings));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Setting {
  readonly engine: Engine;
  readonly handle: MatrixHandle;
  readonly python: PythonPeer;
  readonly k: number;
  readonly queries: number;
}

function contenders({ engine, handle, python, k, queries }: Setting): Contender[] {
  const { rows, columns } = handle;
  const ours = async () => {
    const started = performance.now();
    await engine.neighbourRadii(handle, 'l1', k);
    return (performance.now() - started) / 1000;
  };
  const whole = { question: `${rows} of ${rows} rows`, steps: rows * rows * columns };
  const block = { question: `${queries} of ${rows} rows`, steps: queries * rows * columns };
  return [
    { name: 'Lévy, wasm', ...whole, run: ours },
    { name: 'control: the same again', ...whole, run: ours },
    {
      name: 'SciPy cdist + partition',
      ...block,
      run: async () => peerRadiiOf(await python.ask('scipy')).seconds,
    },
    {
      name: 'scikit-learn brute',
      ...block,
      run: async () => peerRadiiOf(await python.ask('scikit-learn')).seconds,
    },
  ];
}

async function checkEquality(
  engine: Engine,
  handle: MatrixHandle,
  python: PythonPeer,
  k: number,
): Promise<void> {
  const ours = await engine.neighbourRadii(handle, 'l1', k);
  for (const name of ['scipy', 'scikit-learn']) {
    checkRadii(ours, peerRadiiOf(await python.ask(name)), name);
  }
}
