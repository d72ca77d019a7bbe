import { randomUUID } from 'node:crypto';
import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Fault } from '@levy/contracts';

/** Where `--csv` writes: a file, or a folder in which the table gets a file of its name. */
export class CsvFile {
  private constructor(readonly path: string) {}

  /** Looks at the place beforehand, so that no measurement is made in vain. */
  static async at(path: string, name: string): Promise<CsvFile | Fault> {
    const folder = path.endsWith('/') || (await isFolder(path));
    const file = folder ? join(path, name) : path;
    try {
      await access(dirname(file), constants.W_OK);
    } catch {
      const detail = `${file} cannot be written; name a file in a folder that is there, or such a folder`;
      return { parameter: '--csv', code: 'unwritable', detail };
    }
    return new CsvFile(file);
  }

  /** The file is there whole or not at all. */
  async write(text: string): Promise<void> {
    const temporary = `${this.path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text, { flush: true });
      await rename(temporary, this.path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
