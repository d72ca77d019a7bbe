import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from './openapi-document.js';

/** Writes the committed openapi.json anew: `pnpm --filter @levy/api run openapi`. */
await writeFile(fileURLToPath(new URL('../../openapi.json', import.meta.url)), await openApiDocument());
