import { setTimeout as delay } from 'node:timers/promises';
import type { LevyClient } from '@levy/client';
import type { EngineClass } from '@levy/contracts';
import { EXIT } from '../exit-code.js';
import { CommandError } from '../failure.js';

const READY_MS = 60_000;

/** Waits until the API answers and a worker of every engine lives that one is expected of. */
export async function untilReady(
  client: LevyClient,
  expected: () => Iterable<EngineClass>,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const state = await stateOf(client, expected, signal);
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

async function stateOf(
  client: LevyClient,
  expected: () => Iterable<EngineClass>,
  signal: AbortSignal,
): Promise<string> {
  try {
    const live = new Set((await client.workers({ signal })).map(({ engine }) => engine));
    const missing = [...expected()].filter((engine) => !live.has(engine));
    return missing.length === 0 ? 'ready' : `no ${missing.join(' and no ')} worker is alive`;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}
