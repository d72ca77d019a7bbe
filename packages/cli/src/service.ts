import { LevyClient } from '@levy/client';
import type { Context } from './context.js';
import { commandSettings } from './settings.js';

/** The API that LEVY_URL names, with the key in LEVY_API_KEY. */
export function serviceOf(context: Context): LevyClient {
  const { url, apiKey } = commandSettings(context);
  return new LevyClient({ baseUrl: url, apiKey, retries: 2 });
}
