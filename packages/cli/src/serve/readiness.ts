import { setTimeout as delay } from 'node:timers/promises';
import type { LevyClient } from '@levy/client';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';

const READY_MS = 60_000;

/** Waits until the API answers and a worker is alive. */
export async function untilReady(client: LevyClient, signal: AbortSignal): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const state = await stateOf(client, signal);
    if (state === 'ready') return;
    if (performance.now() > until) {
      throw new CommandError(
        EXIT.failed,
        `the service did not become ready within ${READY_MS / 1000} s: ${state}`,
      );
    }
    await delay(100, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function stateOf(client: LevyClient, signal: AbortSignal): Promise<string> {
  try {
    return (await client.workers({ signal })).length > 0 ? 'ready' : 'no worker is alive';
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}
