import type { Fault } from '@levy/contracts';
import { DatasetStore } from '@levy/datasets';
import { datasetNameOf, resolveJob } from '@levy/plan';
import { type Context, printJson } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { RefusedJob } from '../../failure.js';
import { type FlaggedJob, jobFromFlags, numberFrom } from '../../flags/job-flags.js';
import { styleFor } from '../../output/style.js';
import { commandSettings } from '../../settings.js';
import { Bench, resolveAll } from '../measure/bench.js';
import type { CompareFlags } from './compare.js';
import { comparisonOf } from './comparison.js';
import { comparisonText } from './comparison-text.js';

/** What a method chooses from that needs T, where none is given. */
const DEFAULT_T = [5, 10, 20];

/** Measures at α = the model's risk and says what the gap means. */
export async function runCompare(context: Context, flags: CompareFlags): Promise<ExitCode> {
  const settings = commandSettings(context);
  const { risk, advRisk, faults } = sharesOf(flags);
  const store = await DatasetStore.open(settings.dataDir);
  const specs = await resolveAll(store, [await jobOf(store, flags, risk)]).catch((error: unknown) => {
    if (!(error instanceof RefusedJob)) throw error;
    faults.push(...error.faults.flatMap((fault) => aboutRisk(fault, risk)));
    return [];
  });
  const [spec] = specs;
  if (faults.length > 0 || spec === undefined || risk === undefined || advRisk === undefined) {
    throw new RefusedJob(faults, 'there is nothing to compare as it stands');
  }
  await using bench = await Bench.open(context, store, settings, specs);
  const { result } = await bench.measure({ spec, title: spec.dataset });
  const comparison = comparisonOf({ name: flags.name ?? 'the model', risk, advRisk }, result);
  if (flags.json) printJson(context, { spec, ...comparison });
  else context.stdout.write(comparisonText(spec, comparison, styleFor(context.stdout, context.env)));
  return EXIT.ok;
}

async function jobOf(
  store: DatasetStore,
  flags: CompareFlags,
  risk: number | undefined,
): Promise<FlaggedJob> {
  const job = { ...jobFromFlags(flags), ...(risk === undefined ? {} : { alpha: risk }) };
  const name = datasetNameOf(job);
  const resolved = resolveJob(job, name === undefined ? undefined : await store.get(name));
  const lacksT =
    !resolved.ok &&
    resolved.faults.some(
      (fault) => 'pointer' in fault && fault.pointer === '#/T' && fault.code === 'required',
    );
  return lacksT ? { ...job, T: DEFAULT_T } : job;
}

function sharesOf(flags: CompareFlags): { risk?: number; advRisk?: number; faults: Fault[] } {
  const risk = shareOf('--risk', flags.risk);
  const advRisk = shareOf('--adv-risk', flags.advRisk);
  const faults = [risk, advRisk].filter((share) => typeof share !== 'number');
  if (typeof risk === 'number' && typeof advRisk === 'number' && advRisk < risk) {
    const detail = `${advRisk} is below the risk, ${risk}: a point that is wrong already counts in both`;
    faults.push({ parameter: '--adv-risk', code: 'below-risk', detail });
  }
  return {
    ...(typeof risk === 'number' ? { risk } : {}),
    ...(typeof advRisk === 'number' ? { advRisk } : {}),
    faults,
  };
}

/** A number strictly between 0 and 1, or what is wrong with it. */
function shareOf(parameter: string, text: string | undefined): number | Fault {
  if (text === undefined)
    return { parameter, code: 'required', detail: 'is required: a share such as 0.012' };
  const value = numberFrom(text);
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  const percentage = typeof value === 'number' && value >= 1 && value < 100;
  const meant = percentage ? `; did you mean ${Number(`${value}e-2`)}?` : '';
  return { parameter, code: 'no-share', detail: `"${text}" is no number strictly between 0 and 1${meant}` };
}

/** α is the model's risk: what is wrong with it is said of --risk, once. */
function aboutRisk(fault: Fault, risk: number | undefined): Fault[] {
  if (!('pointer' in fault) || fault.pointer !== '#/alpha') return [fault];
  const { code, detail } = fault;
  return risk === undefined ? [] : [{ parameter: '--risk', code, detail }];
}
