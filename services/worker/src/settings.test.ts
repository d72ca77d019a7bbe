import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SettingsError } from '@levy/contracts';
import { describe, expect, it } from 'vitest';
import { workerSettings } from './settings.js';

const REDIS_URL = 'redis://127.0.0.1:6390';

describe('workerSettings', () => {
  it('needs only REDIS_URL', () => {
    expect(workerSettings({ REDIS_URL }, [])).toEqual({
      redisUrl: REDIS_URL,
      queuePrefix: 'levy',
      dataDir: resolve('.levy'),
      engine: 'auto',
      gpu: undefined,
      threads: availableParallelism(),
      logLevel: 'info',
      drainSeconds: 10,
      health: undefined,
      exitWhenIdleSeconds: undefined,
      lifetimeSeconds: undefined,
    });
  });

  it('takes its limits from the command line', () => {
    const args = ['--exit-when-idle', '2.5', '--lifetime', '60'];
    expect(workerSettings({ REDIS_URL, LEVY_WORKER_PORT: '9100' }, args)).toMatchObject({
      exitWhenIdleSeconds: 2.5,
      lifetimeSeconds: 60,
      health: { host: '127.0.0.1', port: 9100 },
    });
  });

  it.each(['auto', 'wasm', 'gpu'])('takes LEVY_ENGINE %s, and the adapter to look for', (engine) => {
    const env = { REDIS_URL, LEVY_ENGINE: engine, LEVY_GPU: ' nvidia ' };
    expect(workerSettings(env, [])).toMatchObject({ engine, gpu: 'nvidia' });
  });

  it('names every fault at once', () => {
    const env = {
      LEVY_ENGINE: 'cuda',
      LEVY_THREADS: '0',
      LEVY_LOG_LEVEL: 'loud',
      LEVY_QUEUE_PREFIX: 'a b',
      LEVY_DRAIN_SECONDS: '-1',
      LEVY_WORKER_PORT: '70000',
    };
    const error = faultOf(() => workerSettings(env, ['--lifetime', 'long']));
    expect(error).toBeInstanceOf(SettingsError);
    for (const name of [...Object.keys(env), 'REDIS_URL', '--lifetime'])
      expect(error?.message).toContain(name);
  });

  it('refuses flags that it does not know', () => {
    expect(faultOf(() => workerSettings({ REDIS_URL }, ['--fast']))?.message).toContain('--fast');
  });
});

function faultOf(action: () => void): Error | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error : undefined;
  }
  return undefined;
}
