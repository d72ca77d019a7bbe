import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from './artifact-store.js';

const DIGEST_BYTES = 32;

/**
 * Artifacts as files under `dataDir`/artifacts, each behind the SHA-256 of its bytes. A file whose digest is wrong is
 * removed and answered as absent. Several processes may share the folder: files appear whole or not at all.
 */
export function fileArtifacts(dataDir: string): ArtifactStore {
  const pathOf = (key: string) => join(dataDir, 'artifacts', key.slice(0, 2), key.slice(2));
  return {
    async get(key) {
      const file = await readFile(pathOf(key)).catch(absent);
      if (file === undefined) return undefined;
      const bytes = file.subarray(DIGEST_BYTES);
      if (file.length >= DIGEST_BYTES && digest(bytes).equals(file.subarray(0, DIGEST_BYTES))) return bytes;
      await rm(pathOf(key), { force: true });
      return undefined;
    },
    async has(key) {
      return (await stat(pathOf(key)).catch(absent)) !== undefined;
    },
    async put(key, bytes) {
      const path = pathOf(key);
      await mkdir(join(path, '..'), { recursive: true });
      const temporary = `${path}.${randomUUID()}.tmp`;
      await writeFile(temporary, Buffer.concat([digest(bytes), bytes]), { flush: true });
      await rename(temporary, path);
    },
  };
}

/** Artifacts of one process, forgotten with it. */
export function memoryArtifacts(): ArtifactStore {
  const kept = new Map<string, Uint8Array>();
  return {
    get: async (key) => kept.get(key),
    has: async (key) => kept.has(key),
    put: async (key, bytes) => {
      kept.set(key, bytes);
    },
  };
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
