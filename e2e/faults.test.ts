import { describe, expect, it } from 'vitest';
import { isAlive, type JobView, Sandbox, until } from './levy.js';

/** Some seconds of work, most of which is kept, step by step, when its worker dies. */
const JOB =
  '--dataset digits --metric linf --epsilon 1/8 --alpha 0.05 --T 20 --restarts 40 --iterations 1000';
const LONG = JOB.replace('--restarts 40', '--restarts 200');

const underWay = ({ status, fraction }: JobView) => status === 'running' && fraction > 0;

/** They mostly wait for locks to run out, so they wait together. */
describe.concurrent('when processes die', { timeout: 120_000 }, () => {
  it('a job goes on after its worker was killed, and has one result', async () => {
    await using sandbox = await Sandbox.open();
    await sandbox.serve();
    const [worker] = await sandbox.workers();
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    await sandbox.untilJob(id, underWay);
    process.kill(pidOf(worker), 'SIGKILL');
    const job = await sandbox.untilJob(id, ({ status }) => status === 'succeeded');
    expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    const result = await sandbox.json(`result ${id}`);
    await using alone = await Sandbox.open();
    expect((await alone.json(`measure ${JOB}`))['best']).toEqual(result['best']);
  });

  it('a job goes on elsewhere when its worker is asked to stop', async () => {
    await using sandbox = await Sandbox.open({ LEVY_DRAIN_SECONDS: '0' });
    const serving = await sandbox.serve();
    const second = sandbox.start(['worker', '--exit-when-idle', '60']);
    await until('second worker', async () => (await sandbox.workers()).length === 2);
    const id = (await sandbox.levy(`submit ${LONG}`)).stdout.trim();
    await sandbox.untilJob(id, underWay);
    const busy = (await sandbox.workers()).find(({ current }) => current !== undefined);
    process.kill(pidOf(busy), 'SIGTERM');
    const job = await sandbox.untilJob(
      id,
      ({ status, attempts }) => status === 'running' && attempts.length === 2,
    );
    expect(job.attempts[0]?.outcome).not.toBe('lost');
    expect(job.attempts[0]?.worker).not.toBe(job.attempts[1]?.worker);
    await until('end of the worker', () => !isAlive(pidOf(busy)));
    await sandbox.levy(`cancel ${id} --wait`);
    second.child.kill('SIGTERM');
    expect((await second.outcome()).exitCode).toBe(0);
    serving.child.kill('SIGTERM');
    expect((await serving.outcome()).exitCode).toBe(0);
  });

  it('serve leaves nothing running, and what it had accepted is there the next time', async () => {
    await using sandbox = await Sandbox.open({ LEVY_DRAIN_SECONDS: '0' });
    const serving = await sandbox.serve();
    const id = (await sandbox.levy(`submit ${JOB}`)).stdout.trim();
    const [worker] = await sandbox.workers();
    serving.child.kill('SIGTERM');
    expect((await serving.outcome()).exitCode).toBe(0);
    expect(isAlive(pidOf(worker))).toBe(false);

    const again = await sandbox.serve();
    const [next] = await sandbox.workers();
    again.child.kill('SIGKILL');
    await again.outcome();
    // Its services learn that it is gone; its Redis is taken over by the next one.
    await until('end of the worker', () => !isAlive(pidOf(next)));
    await until('free port', () =>
      sandbox.get('/livez').then(
        () => false,
        () => true,
      ),
    );
    await sandbox.serve();
    await sandbox.untilJob(id, ({ status }) => status === 'succeeded');
  });
});

/** Never 0, which would name this very process group. */
function pidOf(worker: { readonly pid: number } | undefined): number {
  if (worker === undefined) throw new Error('there is no worker');
  return worker.pid;
}
