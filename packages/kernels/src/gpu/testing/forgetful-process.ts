import { type Answer, asks } from '../protocol.js';

/**
 * Stands in for the device process in tests: a device that has memory for tiles of two rows alone, and whose distances
 * are the rows' numbers. Its third argument says otherwise: `1` is a device that has memory for nothing.
 */
const most = process.argv[4] === '1' ? 0 : 2;
const tell = (answer: Answer): void => void process.send?.(answer);

process.on('disconnect', () => process.exit());
process.on('message', (message: unknown) => {
  if (!asks.fits(message)) throw new TypeError('that is no work');
  if (message.type === 'close') process.exit();
  const { id, work } = message;
  const seconds = { kernels: 0, transfer: 0, selection: 0 };
  if (work.op !== 'radii') return tell({ type: 'done', id, arrays: [], seconds });
  if (work.end - work.start > most) return tell({ type: 'failed', id, kind: 'memory', why: 'too many rows' });
  const rows = Int32Array.from({ length: work.end - work.start }, (_, row) => work.start + row);
  return tell({ type: 'done', id, arrays: [rows], seconds });
});
const adapter = {
  vendor: 'none',
  architecture: 'none',
  device: 'forgetful',
  driver: 'none',
  type: 'gpu',
  mode: 'cpu',
} as const;
tell({ type: 'ready', adapter, maxBufferBytes: 2 ** 20 });
