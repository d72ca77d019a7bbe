import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Variables under which the software adapter that Debian's chromium brings answers, and is taken. It is slow, but runs
 * what a graphics card runs.
 */
export const GPU_ENVIRONMENT: Readonly<Record<string, string>> = {
  VK_DRIVER_FILES: DRIVER,
  VK_ICD_FILENAMES: DRIVER,
  LD_LIBRARY_PATH: '/usr/lib/chromium',
  XDG_RUNTIME_DIR: tmpdir(),
  LEVY_GPU: 'swiftshader',
};

/** Whether tests that need it are to be skipped, which it says. In CI it is a must: there they run, and fail, without. */
export function withoutGpuEnvironment(tests: string): boolean {
  const skipped = !existsSync(DRIVER) && process.env['CI'] === undefined;
  if (skipped) console.warn(`SKIPPED: ${tests}, because no chromium brings a software adapter (${DRIVER})`);
  return skipped;
}

/** The device processes of a process, as Linux tells of them: its children. */
export async function deviceProcessesOf(parent: number | undefined): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // "pid (name) state parent …", and a name may hold anything.
      return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent).map(Number);
}
