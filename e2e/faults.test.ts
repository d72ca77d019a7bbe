import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, type JobView, Sandbox, until } from './levy.js';

/** Some seconds of work, most of which is kept by the step when its worker dies. */
const JOB =
  '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 20 --restarts 60 --iterations 1000';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.open();
});
afterEach(() => sandbox[Symbol.asyncDispose](), 60_000);

const underWay = ({ status, fraction }: JobView) => status === 'running' && fraction > 0;

describe('when processes die', { timeout: 90_000 }, () => {
  it('a job goes on after its worker was killed, and has one result', async () => {
    await sandbox.serve();
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    await sandbox.untilJob(id, underWay);
    const [worker] = await sandbox.workers();
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    const job = await sandbox.untilJob(id, ({ status }) => status === 'succeeded');
    expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    const result = await sandbox.json(`result ${id}`);
    await using alone = await Sandbox.open();
    expect((await alone.json(`measure ${JOB}`))['best']).toEqual(result['best']);
  });

  it('a job goes on elsewhere when its worker is asked to stop', async () => {
    const serving = await sandbox.serve({ LEVY_DRAIN_SECONDS: '0' });
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    await sandbox.untilJob(id, underWay);
    const [first] = await sandbox.workers();
    const second = sandbox.start(['worker', '--exit-when-idle', '3']);
    await until('second worker', async () => (await sandbox.workers()).length === 2);
    process.kill(first?.pid ?? 0, 'SIGTERM');
    const job = await sandbox.untilJob(id, ({ status }) => status === 'succeeded');
    expect(job.attempts).toHaveLength(2);
    expect(job.attempts[0]?.worker).not.toBe(job.attempts[1]?.worker);
    second.child.kill('SIGTERM');
    expect((await second.outcome()).exitCode).toBe(0);
    serving.child.kill('SIGTERM');
    expect((await serving.outcome()).exitCode).toBe(0);
  });

  it('serve leaves nothing running, and what it had accepted is there the next time', async () => {
    const serving = await sandbox.serve({ LEVY_DRAIN_SECONDS: '0' });
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    const [worker] = await sandbox.workers();
    serving.child.kill('SIGTERM');
    expect((await serving.outcome()).exitCode).toBe(0);
    expect(isAlive(worker?.pid ?? 0)).toBe(false);

    const again = await sandbox.serve();
    const [next] = await sandbox.workers();
    again.child.kill('SIGKILL');
    await again.outcome();
    // Its services learn that it is gone; its Redis is taken over by the next one.
    await until('end of the worker', () => !isAlive(next?.pid ?? 0));
    await until('free port', () =>
      sandbox.get('/livez').then(
        () => false,
        () => true,
      ),
    );
    await delay(100);
    await sandbox.serve();
    await sandbox.untilJob(id, ({ status }) => status === 'succeeded');
  });
});
