import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileArtifacts, measure } from '@levy/concentration';
import { DatasetStore, importDataset, type LoadedDataset, type Matrix } from '@levy/datasets';
import {
  createGpuEngine,
  createWasmEngine,
  type Distance,
  type Engine,
  type EngineWork,
  type MatrixHandle,
} from '@levy/kernels';
import { resolveJob } from '@levy/plan';
import { type Contender, contest, formatStandings } from './contest.js';
import { checkSameAnswers } from './gpu-check.js';
import { thisMachine } from './machine.js';
import { checkRadii, peerRadiiOf } from './peer-radii.js';
import { firstRows } from './points.js';
import { PythonPeer } from './python-peer.js';

const USAGE = `How fast are neighbours and a whole job on a GPU, beside torch.cdist with topk on the same GPU?

  node bench/dist/gpu.js [--dataset mnist] [--from DIR] [--rows 60000] [--wide-rows 50000] [--k 50] [--rounds 3] [--adapter NAME]
                         [--python python3] [--no-job] [--json FILE]

The data set is imported from its original files in --from, or taken from the store in LEVY_DATA_DIR (./.levy). The pass over
3072 columns is made on --wide-rows rows of random bytes (0 leaves it out). Ours answers every row against all rows; torch
answers 2000 rows against all. --python names a Python whose torch sees the GPU; without torch the peer is left out.
Checked first: every pass gives on the GPU what the wasm engine gives, on 1500 rows, and torch's radii are ours.`;

const PEER_QUERIES = 2000;
const CHECKED_ROWS = 1500;
const WIDE_COLUMNS = 3072;
/** Of one elementary step: a difference, and its size or square added. */
const OPERATIONS_PER_STEP = 2;

const { values: options } = parseArgs({
  options: {
    dataset: { type: 'string', default: 'mnist' },
    from: { type: 'string' },
    rows: { type: 'string', default: '60000' },
    'wide-rows': { type: 'string', default: '50000' },
    k: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
    adapter: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    'no-job': { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const [k, rounds] = [Number(options.k), Number(options.rounds)];
  const dataset = await datasetOf(options.from);
  const points = firstRows(dataset.train, Number(options.rows));
  await using engine = await createGpuEngine({ adapter: options.adapter });
  console.log(
    JSON.stringify({ machine: thisMachine(), adapter: engine.info.adapter, dataset: options.dataset, k }),
  );
  {
    await using wasm = await createWasmEngine();
    await checkSameAnswers(engine, wasm, firstRows(points, CHECKED_ROWS));
  }
  const reports = [await passes(engine, points, options.dataset, k, rounds)];
  const wide = Number(options['wide-rows']);
  if (wide > 0)
    reports.push(await passes(engine, randomBytes(wide, WIDE_COLUMNS), 'random bytes', k, rounds));
  const job = options['no-job'] ? undefined : await wholeJob(engine, dataset, rounds);
  if (options.json !== undefined) {
    const report = { machine: thisMachine(), adapter: engine.info.adapter, k, passes: reports, job };
    await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

async function datasetOf(from: string | undefined): Promise<LoadedDataset> {
  if (from === undefined) {
    const store = await DatasetStore.open(process.env['LEVY_DATA_DIR'] ?? '.levy');
    return store.load(options.dataset);
  }
  const folder = await mkdtemp(join(tmpdir(), 'levy-bench-'));
  try {
    const store = await DatasetStore.open(folder);
    await importDataset(store, { name: options.dataset, from: [from] });
    return await store.load(options.dataset);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Both distances on some points: a table each. */
async function passes(
  engine: Engine,
  points: Extract<Matrix, { dtype: 'u1' }>,
  name: string,
  k: number,
  rounds: number,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'levy-bench-'));
  try {
    const file = join(folder, 'points.bin');
    await writeFile(file, points.data);
    using handle = await engine.load(points);
    const queries = Math.min(PEER_QUERIES, points.rows);
    const torch = await torchOn(file, points, k, queries);
    await using _ = torch?.peer;
    const reports = [];
    for (const distance of ['l1', 'squared-l2'] as const) {
      const ours = await engine.neighbourRadii(handle, distance, k);
      if (torch !== undefined) {
        // torch adds float32: exact for ℓ1 of bytes below 2²⁴, rounded for squares.
        checkRadii(ours, peerRadiiOf(await torch.peer.ask(distance)), 'torch', distance === 'l1' ? 0 : 1e-3);
      }
      using asked = await engine.load(firstRows(points, queries));
      const standings = await contest(
        contenders({ engine, handle, asked, peer: torch?.peer, distance, k, queries }),
        rounds,
      );
      // Of our pass alone, apart from the rows of the table that read tiles back.
      const before = workOf(engine);
      await engine.neighbourRadii(handle, distance, k);
      const share = shares(before, workOf(engine));
      console.log(`\n${name}, ${points.rows} × ${points.columns} bytes, ${distance}, k = ${k}`);
      console.log(formatStandings(standings));
      console.log(share.text);
      const ceiling =
        torch?.lanesPerSecond === undefined ? undefined : torch.lanesPerSecond / OPERATIONS_PER_STEP;
      const rate = standings[0]?.stepsPerSecond ?? 0;
      if (ceiling !== undefined) {
        const percent = ((100 * rate) / ceiling).toFixed(1);
        console.log(
          `ceiling of the device's float32 arithmetic: ${(ceiling / 1e9).toFixed(0)}·10⁹ steps/s, ours ${percent} %`,
        );
      }
      reports.push({
        name,
        rows: points.rows,
        columns: points.columns,
        distance,
        standings,
        work: share.work,
        ceiling,
      });
    }
    return { peers: torch?.ready, reports };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Setting {
  readonly engine: Engine;
  readonly handle: MatrixHandle;
  readonly asked: MatrixHandle;
  readonly peer: PythonPeer | undefined;
  readonly distance: Distance;
  readonly k: number;
  readonly queries: number;
}

function contenders({ engine, handle, asked, peer, distance, k, queries }: Setting): Contender[] {
  const { rows, columns } = handle;
  const whole = { question: `${rows} of ${rows} rows`, steps: rows * rows * columns };
  const block = { question: `${queries} of ${rows} rows`, steps: queries * rows * columns };
  const ours = () => seconds(() => engine.neighbourRadii(handle, distance, k));
  const all: Contender[] = [
    { name: 'Lévy, gpu, selection on the device', ...whole, run: ours },
    { name: 'control: the same again', ...whole, run: ours },
    {
      name: 'Lévy, gpu, tiles read back, selection here',
      ...block,
      run: () =>
        seconds(async () => {
          const distances = await engine.distanceRows(asked, handle, distance);
          for (let row = 0; row < queries; row++) distances.subarray(row * rows, (row + 1) * rows).sort();
        }),
    },
  ];
  if (peer !== undefined) {
    const run = async () => peerRadiiOf(await peer.ask(distance)).seconds;
    all.push({ name: `torch.cdist p=${distance === 'l1' ? 1 : 2} + topk`, ...block, run });
  }
  return all;
}

/** A job as people submit it: density, search, ten restarts, faces, evaluation; nothing is there before. */
async function wholeJob(engine: Engine, dataset: LoadedDataset, rounds: number): Promise<unknown> {
  const submission = {
    dataset: options.dataset,
    metric: 'linf',
    epsilon: 0.3,
    alpha: 0.01,
    T: 10,
    protocol: 'paper',
  };
  const resolved = resolveJob(submission, dataset.dataset);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const folder = await mkdtemp(join(tmpdir(), 'levy-bench-'));
    try {
      const context = { dataset, engine, artifacts: fileArtifacts(folder), host: hostname() };
      times.push(await seconds(() => measure(resolved.spec, context)));
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  console.log(
    `\nwhole job (${JSON.stringify(submission)}): ${times.map((time) => time.toFixed(2)).join(', ')} s`,
  );
  return { submission, seconds: times };
}

/** torch beside us; undefined, and told, where there is none. */
async function torchOn(file: string, { rows, columns }: Matrix, k: number, queries: number) {
  const script = new URL('../peers/gpu.py', import.meta.url).pathname;
  try {
    const { peer, ready } = await PythonPeer.start(
      script,
      [file, rows, columns, k, queries].map(String),
      options.python,
    );
    console.log(`peer: ${JSON.stringify(ready)}`);
    const lanes: unknown = Object(ready).lanesPerSecond;
    return { peer, ready, lanesPerSecond: typeof lanes === 'number' ? lanes : undefined };
  } catch (error) {
    console.error(`torch is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function workOf(engine: Engine): EngineWork {
  return engine.work?.() ?? { seconds: { kernels: 0, transfer: 0, selection: 0 }, tileRows: {}, restarts: 0 };
}

function shares(before: EngineWork, after: EngineWork): { text: string; work: EngineWork } {
  const spent = {
    kernels: after.seconds.kernels - before.seconds.kernels,
    transfer: after.seconds.transfer - before.seconds.transfer,
    selection: after.seconds.selection - before.seconds.selection,
  };
  const all = spent.kernels + spent.transfer + spent.selection;
  const part = (time: number) => `${((100 * time) / all).toFixed(0)} %`;
  const { kernels, transfer, selection } = spent;
  return {
    text: `device: kernels ${part(kernels)}, selection ${part(selection)}, transfer ${part(transfer)}; tiles of ${JSON.stringify(after.tileRows)} rows`,
    work: { ...after, seconds: spent },
  };
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

function randomBytes(rows: number, columns: number): Extract<Matrix, { dtype: 'u1' }> {
  const data = new Uint8Array(rows * columns);
  let state = 1;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[index] = state >>> 24;
  }
  return { dtype: 'u1', rows, columns, data };
}
