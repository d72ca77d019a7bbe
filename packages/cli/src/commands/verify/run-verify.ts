import { readFile } from 'node:fs/promises';
import { decodeRegion, type RegionFile, type Verification, verifyRegion } from '@levy/concentration';
import { DatasetStore } from '@levy/datasets';
import { type Context, printJson, remark } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { CommandError } from '../../failure.js';
import { percent } from '../../output/numbers.js';
import { renderTable } from '../../output/table.js';
import { commandSettings } from '../../settings.js';
import type { VerifyFlags } from './verify.js';

export async function runVerify(context: Context, path: string, flags: VerifyFlags): Promise<ExitCode> {
  const store = await DatasetStore.open(commandSettings(context).dataDir);
  const dataset = await store.load(flags.dataset);
  const region = await regionIn(path);
  const verification = recount(region, dataset);
  if (flags.json) printJson(context, verification);
  else context.stdout.write(verificationText(verification));
  if (verification.agrees) return EXIT.ok;
  remark(context, `levy: ${path} does not say what ${flags.dataset} shows`);
  return EXIT.failed;
}

/** A file that cannot be read is refused; one that can but is no region is damaged. */
async function regionIn(path: string): Promise<RegionFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CommandError(EXIT.refused, `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    return await decodeRegion(bytes);
  } catch (error) {
    throw new CommandError(EXIT.failed, `${path} is damaged: ${messageOf(error)}`, { cause: error });
  }
}

function recount(region: RegionFile, dataset: Parameters<typeof verifyRegion>[1]): Verification {
  try {
    return verifyRegion(region, dataset);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandError(EXIT.failed, error.message, { cause: error });
  }
}

function verificationText({ splits, agrees }: Verification): string {
  const columns = [
    { title: '' },
    { title: 'rows', align: 'right' },
    { title: 'risk', align: 'right' },
    { title: 'claimed', align: 'right' },
    { title: 'advRisk', align: 'right' },
    { title: 'claimed', align: 'right' },
    { title: '' },
  ] as const;
  const share = (count: number, n: number) => `${count} (${percent(n === 0 ? 0 : count / n)})`;
  const rows = splits.map(({ split, claimed, recounted }) => {
    const same =
      claimed.n === recounted.n && claimed.risk === recounted.risk && claimed.advRisk === recounted.advRisk;
    return [
      split,
      claimed.n === recounted.n ? String(recounted.n) : `${recounted.n}, claimed ${claimed.n}`,
      share(recounted.risk, recounted.n),
      String(claimed.risk),
      share(recounted.advRisk, recounted.n),
      String(claimed.advRisk),
      same ? 'agrees' : 'differs',
    ];
  });
  return `${renderTable(columns, rows)}\n${agrees ? 'every count agrees' : 'the counts differ'}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
