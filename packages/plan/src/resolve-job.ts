import {
  compareRational,
  type Dataset,
  type Fault,
  formatRational,
  type JobSpec,
  type JobSubmission,
  jobSubmissionChecker,
  MAX_FAULTS,
  type Method,
  type Metric,
  multiplyRational,
  type Protocol,
  parseRational,
  type Rational,
  rational,
  rationalToNumber,
  subtractRational,
} from '@levy/contracts';
import { methodsOf } from './all-methods.js';
import {
  ballsBytes,
  bisectionSteps,
  coveredCount,
  ENGINE_BYTES,
  fitRowCount,
  MAX_SQUARED_BYTE_COLUMNS,
  rowBytes,
} from './counts.js';
import { requiredLevel } from './level.js';

export type ResolvedJob =
  | { readonly ok: true; readonly spec: JobSpec }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** What rectangles alone may be given. */
const RECTANGLES_FIELDS = [
  'domain',
  'search',
  'restarts',
  'q',
  'neighbors',
  'iterations',
  'qTolerance',
] as const satisfies readonly (keyof JobSubmission)[];

const METHODS_OF: Record<Metric, readonly Method[]> = {
  linf: ['rectangles', 'balls', 'halfspace', 'axis', 'all'],
  l2: ['balls', 'hyperplane', 'halfspace', 'axis', 'all'],
};

/**
 * Checks a submission against its data set and fills its defaults in. Names every fault it finds, of shape and
 * of meaning, at once; a field whose shape is wrong takes no part in the checks of meaning.
 *
 * @param dataset what the store holds under the submitted name; undefined if there is nothing.
 */
export function resolveJob(submission: unknown, dataset: Dataset | undefined): ResolvedJob {
  const shape = jobSubmissionChecker.faults(submission);
  if (typeof submission !== 'object' || submission === null || Array.isArray(submission)) {
    return { ok: false, faults: shape };
  }
  const faulty = new Set(shape.map(fieldOf));
  const sound = Object.fromEntries(Object.entries(submission).filter(([name]) => !faulty.has(name)));
  // A field that is there but faulty is not "required" as well.
  const meaning = faultsOfMeaning(sound, dataset).filter((fault) => !faulty.has(fieldOf(fault)));
  const faults = [...shape, ...meaning].slice(0, MAX_FAULTS);
  if (faults.length > 0 || !jobSubmissionChecker.fits(submission) || dataset === undefined) {
    return { ok: false, faults };
  }
  return { ok: true, spec: fillDefaults(submission, dataset) };
}

/** The submission's name of a data set, where it has one of the right shape: what to look up before resolving. */
export function datasetNameOf(submission: unknown): string | undefined {
  if (typeof submission !== 'object' || submission === null) return undefined;
  const name: unknown = Reflect.get(submission, 'dataset');
  const wellFormed = !jobSubmissionChecker
    .faults(submission)
    .some((fault) => 'pointer' in fault && fault.pointer.startsWith('#/dataset'));
  return typeof name === 'string' && wellFormed ? name : undefined;
}

/** The field that a fault is about. */
function fieldOf(fault: Fault): string | undefined {
  return 'pointer' in fault ? fault.pointer.split('/')[1] : undefined;
}

function faultsOfMeaning(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  return [
    ...datasetFaults(job, dataset),
    ...methodFaults(job),
    ...gammaFaults(job, dataset),
    ...domainFaults(job, dataset),
    ...epsilonFaults(job, dataset),
    ...levelFaults(job, dataset),
    ...sizeFaults(job, dataset),
  ];
}

function datasetFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (job.dataset === undefined) return [];
  if (dataset === undefined) {
    return [
      fault(
        'dataset',
        'unknown-dataset',
        `there is no data set "${job.dataset}"; GET /v1/datasets or levy datasets list names them`,
      ),
    ];
  }
  const faults: Fault[] = [];
  if (dataset.splits.test.rows === 0) {
    faults.push(
      fault('dataset', 'no-test-rows', `${job.dataset} has no test rows; import it with a test split`),
    );
  }
  const least = protocolOf(job) === 'holdout' ? 5 : 2;
  if (dataset.splits.train.rows < least) {
    faults.push(
      fault(
        'dataset',
        'too-few-rows',
        `${job.dataset} has ${dataset.splits.train.rows} training rows; this protocol needs at least ${least}`,
      ),
    );
  }
  return faults;
}

function methodFaults(job: Partial<JobSubmission>): Fault[] {
  const faults: Fault[] = [];
  if (job.metric === undefined) return faults;
  const method = methodOf(job, job.metric);
  if (!METHODS_OF[job.metric].includes(method)) {
    const fitting = METHODS_OF[job.metric].join(', ');
    faults.push(
      fault(
        'method',
        'method-metric',
        `${method} does not fit metric ${job.metric}; choose one of ${fitting}`,
      ),
    );
    return faults;
  }
  const run = methodsOf(method, job.metric);
  const pieces = run.filter((one) => one === 'rectangles' || one === 'balls');
  if (pieces.length > 0 && job.T === undefined) {
    const what = pieces.join(' and of ');
    faults.push(fault('T', 'required', `${method} needs T, the number of ${what}, or a list to choose from`));
  }
  if (!run.includes('rectangles')) {
    const unused = [...(pieces.length > 0 ? [] : (['T'] as const)), ...RECTANGLES_FIELDS];
    for (const name of unused) {
      if (job[name] !== undefined) {
        const whose = method === 'all' ? `under ${job.metric} all` : method;
        faults.push(fault(name, 'unused-field', `${whose} does not use ${name}; leave it out`));
      }
    }
    return faults;
  }
  if (job.search === 'best' && protocolOf(job) === 'paper') {
    faults.push(
      fault(
        'search',
        'search-protocol',
        'the paper protocol searches as the paper does; leave search out or choose holdout',
      ),
    );
  }
  if (job.q !== undefined && job.qTolerance !== undefined) {
    faults.push(
      fault('qTolerance', 'unused-field', 'with q given nothing is searched; leave q or qTolerance out'),
    );
  }
  return faults;
}

function gammaFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (job.gamma === undefined) return [];
  const method = job.method ?? (job.metric === undefined ? undefined : methodOf(job, job.metric));
  if (method !== undefined && method !== 'balls') {
    const detail = `${method} does not use gamma; leave it out or choose method "balls"`;
    return [fault('gamma', 'unused-field', detail)];
  }
  if (dataset === undefined || dataset.softLabels !== undefined) return [];
  const detail = `${dataset.id} has no soft labels, so its label uncertainty is not known; leave gamma out or import the data with --soft-labels`;
  return [fault('gamma', 'no-soft-labels', detail)];
}

function domainFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (job.domain !== 'box') return [];
  if (protocolOf(job) === 'paper') {
    return [
      fault(
        'domain',
        'domain-protocol',
        'the paper protocol is unbounded; leave domain out or choose holdout',
      ),
    ];
  }
  if (dataset !== undefined && dataset.valueRange === undefined) {
    return [
      fault(
        'domain',
        'no-value-range',
        `${dataset.id} declares no value range, so there is no box; choose "unbounded" or import it with --range`,
      ),
    ];
  }
  return [];
}

function epsilonFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (job.epsilon === undefined) return [];
  const epsilon = parseRational(job.epsilon);
  if (epsilon.num > LARGEST_PART || epsilon.den > LARGEST_PART) {
    const exact = `ε = ${job.epsilon} is ${formatRational(epsilon)} exactly`;
    return [fault('epsilon', 'precision', `${exact}; give at most 18 digits, or a fraction of such`)];
  }
  if (job.metric === undefined || dataset?.valueRange === undefined) return [];
  const { low, high } = dataset.valueRange;
  const width = subtractRational(parseRational(high), parseRational(low));
  if (!reachesAcross(epsilon, width, job.metric, dataset.columns)) return [];
  const meant = Number.isInteger(job.epsilon) && dataset.scale > 1 && Number(job.epsilon) < dataset.scale;
  const hint = meant ? `did you mean ${job.epsilon}/${dataset.scale}?` : 'take a smaller ε';
  const across = `ε = ${job.epsilon} reaches across the whole value range ${low}…${high} of ${dataset.id}`;
  return [fault('epsilon', 'epsilon-range', `${across} under ${job.metric}; ${hint}`)];
}

/** Region files keep ε as two 64-bit integers. */
const LARGEST_PART = 2n ** 63n - 1n;

/** Whether ε is at least the diameter of the box: its width under ℓ∞, width·√d under ℓ2. */
function reachesAcross(epsilon: Rational, width: Rational, metric: Metric, columns: number): boolean {
  if (metric === 'linf') return compareRational(epsilon, width) >= 0;
  const diameterSquared = multiplyRational(multiplyRational(width, width), rational(columns));
  return compareRational(multiplyRational(epsilon, epsilon), diameterSquared) >= 0;
}

function levelFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (job.alpha === undefined) return [];
  const level = requiredLevel(job.alpha, job.slack ?? 0);
  if (compareRational(level, rational(1)) >= 0) {
    return [fault('slack', 'level', `α(1 + slack) = ${rationalToNumber(level)} must stay below 1`)];
  }
  const n = rowsToFit(job, dataset);
  if (n === undefined || coveredCount(level, n, 'ceil') < n) return [];
  return [
    fault(
      'alpha',
      'level',
      `a region of risk ${rationalToNumber(level)} would hold all ${n} rows that are fitted on; lower alpha`,
    ),
  ];
}

function sizeFaults(job: Partial<JobSubmission>, dataset: Dataset | undefined): Fault[] {
  if (dataset === undefined) return [];
  const available = fitRowCount(dataset.splits.train.rows, protocolOf(job));
  if (job.samples !== undefined && job.samples > available) {
    return [
      fault('samples', 'too-many', `samples = ${job.samples}, but only ${available} rows are fitted on`),
    ];
  }
  if (job.metric === undefined) return [];
  const n = job.samples ?? available;
  const method = methodOf(job, job.metric);
  if (!METHODS_OF[job.metric].includes(method)) return [];
  const run = methodsOf(method, job.metric);
  return [
    ...(run.includes('rectangles') ? rectanglesFaults(job, n) : []),
    // Rectangles leave the engine its rows sorted by density, beside those that balls ask for.
    ...(run.includes('balls') ? ballsFaults(job, dataset, n, run.includes('rectangles') ? 2 : 1) : []),
  ];
}

function rectanglesFaults(job: Partial<JobSubmission>, n: number): Fault[] {
  const faults: Fault[] = [];
  const neighbors = job.neighbors ?? DEFAULTS.neighbors;
  if (neighbors > n) {
    faults.push(
      fault('neighbors', 'too-many', `neighbors = ${neighbors}, but only ${n} rows are fitted on; lower it`),
    );
  }
  const most = job.q ?? 1 - 2 ** -bisectionSteps(job.qTolerance ?? DEFAULTS.qTolerance);
  const covered = coveredCount(parseRational(most), n, 'floor');
  if (covered === 0) {
    faults.push(fault('q', 'too-small', `q = ${job.q} of ${n} rows covers no point; raise it`));
  }
  const tooMany = listOf(job.T).filter((T) => T > covered);
  if (covered > 0 && tooMany.length > 0) {
    faults.push(
      fault(
        'T',
        'too-many',
        `T = ${tooMany.join(', ')} rectangles for ${covered} points (floor(q·n) for the largest q, ${most}, and n = ${n}); lower T`,
      ),
    );
  }
  return faults;
}

/** A job whose lists no engine could hold is refused here, before anything is computed. */
function ballsFaults(job: Partial<JobSubmission>, dataset: Dataset, n: number, rowsHeld: number): Fault[] {
  if (dataset.dtype === 'u1' && job.metric === 'l2' && dataset.columns > MAX_SQUARED_BYTE_COLUMNS) {
    const detail = `${dataset.id} has ${dataset.columns} columns; squared l2 distances on bytes are exact up to ${MAX_SQUARED_BYTE_COLUMNS}`;
    return [fault('dataset', 'too-many', detail)];
  }
  if (job.alpha === undefined) return [];
  const near = coveredCount(requiredLevel(job.alpha, job.slack ?? 0), n, 'ceil');
  const bytes = ballsBytes(n, near) + rowsHeld * rowBytes(dataset, n);
  if (bytes <= ENGINE_BYTES) return [];
  const gib = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
  const lists = `lists of the ${near} nearest of ${n} rows`;
  const detail = `balls need ${gib(bytes)} of memory for ${lists}, and an engine holds ${gib(ENGINE_BYTES)}; lower samples or alpha`;
  return [fault('samples', 'too-much-memory', detail)];
}

const DEFAULTS = {
  restarts: 10,
  neighbors: 50,
  iterations: 30,
  qTolerance: 0.005,
  confidence: 0.95,
  timeoutSeconds: 86_400,
} as const;

function fillDefaults(job: JobSubmission, dataset: Dataset): JobSpec {
  const epsilon = parseRational(job.epsilon);
  const protocol = protocolOf(job);
  const common = {
    dataset: job.dataset,
    datasetDigest: dataset.digest,
    metric: job.metric,
    epsilon: rationalToNumber(epsilon),
    epsilonExact: formatRational(epsilon),
    alpha: job.alpha,
  };
  const rest = {
    protocol,
    slack: job.slack ?? 0,
    seed: job.seed ?? 0,
    ...(job.samples === undefined ? {} : { samples: job.samples }),
    confidence: job.confidence ?? DEFAULTS.confidence,
    engine: job.engine ?? 'auto',
    priority: job.priority ?? 'interactive',
    ...(job.tags === undefined ? {} : { tags: job.tags }),
    timeoutSeconds: job.timeoutSeconds ?? DEFAULTS.timeoutSeconds,
    ...(job.expireSeconds === undefined ? {} : { expireSeconds: job.expireSeconds }),
  } as const;
  const method = methodOf(job, job.metric);
  if (method === 'halfspace' || method === 'hyperplane' || method === 'axis')
    return { ...common, method, ...rest };
  const T = job.T ?? [];
  if (method === 'balls') {
    const gamma = job.gamma === undefined ? {} : { gamma: job.gamma };
    return { ...common, method, T, ...gamma, ...rest };
  }
  const { metric } = common;
  if (method === 'all' && metric === 'l2') return { ...common, metric, method, T, ...rest };
  const rectangles = { T, ...rectanglesFields(job, dataset), ...rest };
  return method === 'all'
    ? { ...common, metric, method, ...rectangles }
    : { ...common, method: 'rectangles', ...rectangles };
}

/** What rectangles alone are given. */
function rectanglesFields(job: JobSubmission, dataset: Dataset) {
  const boxByDefault = protocolOf(job) === 'holdout' && dataset.valueRange !== undefined;
  return {
    domain: job.domain ?? (boxByDefault ? 'box' : 'unbounded'),
    search: job.search ?? (protocolOf(job) === 'paper' ? 'paper' : 'best'),
    restarts: job.restarts ?? DEFAULTS.restarts,
    ...(job.q === undefined ? {} : { q: job.q }),
    neighbors: job.neighbors ?? DEFAULTS.neighbors,
    iterations: job.iterations ?? DEFAULTS.iterations,
    qTolerance: job.qTolerance ?? DEFAULTS.qTolerance,
  } as const;
}

export function listOf(T: number | number[] | undefined): number[] {
  return T === undefined ? [] : typeof T === 'number' ? [T] : T;
}

function rowsToFit(job: Partial<JobSubmission>, dataset: Dataset | undefined): number | undefined {
  if (dataset === undefined) return undefined;
  const available = fitRowCount(dataset.splits.train.rows, protocolOf(job));
  return Math.min(job.samples ?? available, available);
}

function protocolOf(job: Partial<JobSubmission>): Protocol {
  return job.protocol ?? 'holdout';
}

function methodOf(job: Partial<JobSubmission>, metric: Metric): Method {
  return job.method ?? (metric === 'linf' ? 'rectangles' : 'balls');
}

function fault(field: keyof JobSubmission, code: string, detail: string): Fault {
  return { pointer: `#/${field}`, code, detail };
}
