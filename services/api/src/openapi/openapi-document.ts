import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openService } from '../service.js';
import { DEFAULT_UPLOAD_BYTES } from '../settings.js';

/** The description of the API as it is committed: JSON, two spaces, a final newline. Needs no Redis. */
export async function openApiDocument(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'levy-openapi-'));
  try {
    await using service = await openService(
      {
        redisUrl: 'redis://127.0.0.1:1',
        queuePrefix: 'levy',
        host: '127.0.0.1',
        dataDir,
        keys: [],
        uploadBytes: DEFAULT_UPLOAD_BYTES,
      },
      pino({ level: 'silent' }),
    );
    await service.app.ready();
    return `${JSON.stringify(service.app.swagger(), undefined, 2)}\n`;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
