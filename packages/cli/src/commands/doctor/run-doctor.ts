import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LevyClient } from '@levy/client';
import { DatasetStore } from '@levy/datasets';
import {
  createReferenceEngine,
  createWasmEngine,
  type Engine,
  findAdapter,
  type Matrix,
} from '@levy/kernels';
import { checkRedis } from '@levy/queue';
import { type Context, printJson } from '../../context.js';
import { gpuOptions, openEngine } from '../../engine.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { deviceText } from '../../output/device-text.js';
import { styleFor } from '../../output/style.js';
import { foreseeRedis } from '../../redis/find-redis.js';
import { REDIS_PROTOCOLS } from '../../serve/serve-settings.js';
import { type CommandSettings, commandSettings, settingsReader } from '../../settings.js';
import type { DoctorFlags } from './doctor.js';

interface Check {
  readonly name: string;
  /** `absent`: nothing that is needed for everything. */
  readonly state: 'ok' | 'absent' | 'wrong';
  readonly detail: string;
}

export async function runDoctor(context: Context, flags: DoctorFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const checks: Check[] = [];
  for (const [name, look] of [
    ['Node.js', async () => nodeVersion()],
    ['data folder', () => dataFolder(settings)],
    ['Redis', () => redis(context, settings)],
    ['engine', () => processor(settings)],
    ['gpu', () => gpu(context, settings)],
    ['service', () => service(context, settings)],
  ] as const) {
    checks.push({ name, ...(await look().catch(wrong)) });
    context.signal.throwIfAborted();
  }
  if (flags.json) printJson(context, checks);
  else context.stdout.write(checksText(context, checks));
  return checks.some(({ state }) => state === 'wrong') ? EXIT.failed : EXIT.ok;
}

type Finding = Omit<Check, 'name'>;

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 20);
  return {
    state: enough ? 'ok' : 'wrong',
    detail: `${process.versions.node}${enough ? '' : '; 20.20 or newer is needed'}`,
  };
}

async function dataFolder({ dataDir }: CommandSettings): Promise<Finding> {
  await mkdir(dataDir, { recursive: true });
  const probe = join(dataDir, `.doctor-${process.pid}`);
  await writeFile(probe, 'x');
  await rm(probe);
  const datasets = await (await DatasetStore.open(dataDir)).list();
  return {
    state: 'ok',
    detail: `${dataDir} can be written to; data sets: ${datasets.map(({ id }) => id).join(', ')}`,
  };
}

async function redis(context: Context, { dataDir }: CommandSettings): Promise<Finding> {
  const reader = settingsReader(context);
  const url = reader.url('REDIS_URL', REDIS_PROTOCOLS);
  reader.done();
  const foreseen = await foreseeRedis({ context, url, dataDir });
  if (foreseen === undefined) {
    const detail =
      'none found: set REDIS_URL, or put redis-server on PATH; levy serve also takes Docker, or apt-get as root. levy measure needs none';
    return { state: 'absent', detail };
  }
  if (url === undefined) return { state: 'ok', detail: foreseen };
  const { version, durable } = await checkRedis(url);
  return {
    state: 'ok',
    detail: `${foreseen}: version ${version}, ${durable ? 'append-only' : 'not append-only: jobs are lost if it dies'}`,
  };
}

async function processor({ threads }: CommandSettings): Promise<Finding> {
  await using wasm = await createWasmEngine({ threads });
  return await checked(wasm, 2000);
}

/** Software adapters, by a part of their names: they answer only to those. */
const SOFTWARE_ADAPTERS = ['SwiftShader', 'llvmpipe'];

async function gpu(context: Context, settings: CommandSettings): Promise<Finding> {
  const options = gpuOptions(context, settings);
  const adapter = await findAdapter(options);
  if (adapter === undefined) return { state: 'absent', detail: await withoutGpu(options) };
  await using engine = await openEngine('gpu', context, settings);
  // A software adapter would take minutes for what keeps a graphics card busy.
  return await checked(engine, adapter.type === 'cpu' ? 200 : 8000);
}

/** What there is instead, and how to come by a gpu. */
async function withoutGpu({ adapter: wanted, env }: ReturnType<typeof gpuOptions>): Promise<string> {
  if (wanted !== undefined) return `no graphics adapter answers that has "${wanted}" (LEVY_GPU) in its name`;
  for (const name of SOFTWARE_ADAPTERS) {
    if ((await findAdapter({ adapter: name, env })) === undefined) continue;
    return `only ${name}, a software adapter, answers: LEVY_GPU=${name.toLowerCase()} uses it, which is slower than wasm`;
  }
  return 'no graphics adapter answers: docs/operations.md says what a gpu needs; the wasm engine needs none';
}

/** A small pass, compared with the plain implementation, and one of so many rows, timed. */
async function checked(engine: Engine, rows: number): Promise<Finding> {
  const matrix = sample(rows, 784);
  await using reference = createReferenceEngine();
  const small = { ...matrix, rows: 64, data: matrix.data.subarray(0, 64 * matrix.columns) };
  const [found, expected] = [await radii(engine, small), await radii(reference, small)];
  const { info } = engine;
  if (!found.every((radius, index) => radius === expected[index])) {
    return { state: 'wrong', detail: `${info.engine} gives other distances than the reference engine` };
  }
  const started = performance.now();
  await radii(engine, matrix);
  const seconds = (performance.now() - started) / 1000;
  const steps = (matrix.rows * matrix.rows * matrix.columns) / seconds / 1e9;
  const driver = info.adapter === undefined ? '' : `, driver ${info.adapter.driver}`;
  const on = `${info.engine} on ${deviceText(info)}${driver}, ${info.threads} threads`;
  return { state: 'ok', detail: `${on}, checked; ${steps.toFixed(1)}·10⁹ elementary steps/s on bytes` };
}

async function radii(engine: Engine, matrix: Matrix): Promise<Int32Array | Float32Array> {
  using points = await engine.load(matrix);
  return engine.neighbourRadii(points, 'l1', 10);
}

/** Bytes without a pattern, the same every time. */
function sample(rows: number, columns: number): Extract<Matrix, { dtype: 'u1' }> {
  const data = new Uint8Array(rows * columns);
  let state = 1;
  for (let index = 0; index < data.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[index] = state >>> 24;
  }
  return { dtype: 'u1', rows, columns, data };
}

async function service(context: Context, { url, apiKey }: CommandSettings): Promise<Finding> {
  const client = new LevyClient({ baseUrl: url, apiKey, retries: 0 });
  try {
    const workers = await client.workers({ signal: context.signal });
    const detail = `${url} answers; live workers: ${workers.length}`;
    return { state: workers.length > 0 ? 'ok' : 'absent', detail };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { state: 'absent', detail: `${reason}; npm start or levy serve starts one` };
  }
}

function wrong(error: unknown): Finding {
  return { state: 'wrong', detail: error instanceof Error ? error.message : String(error) };
}

function checksText(context: Context, checks: readonly Check[]): string {
  const style = styleFor(context.stdout, context.env);
  const marks = { ok: style.green('ok    '), absent: style.yellow('absent'), wrong: style.red('wrong ') };
  return checks.map(({ name, state, detail }) => `${marks[state]}  ${name.padEnd(11)}  ${detail}\n`).join('');
}
