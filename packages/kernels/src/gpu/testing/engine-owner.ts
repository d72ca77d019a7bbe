import { parentPort } from 'node:worker_threads';
import { byteMatrix } from '../../testing/samples.js';
import { Device } from '../device.js';
import { GpuEngine } from '../gpu-engine.js';

/** Opens an engine as its argument says, sets it to work, tells the id of its device process, and never ends by itself. */
const options: unknown = JSON.parse(process.argv[2] ?? '{}');
if (typeof options !== 'object' || options === null) throw new TypeError('options are missing');
const engine = new GpuEngine(await Device.open({ mode: 'webasm', ...options }), 1);
const points = await engine.load(byteMatrix(1, 4000, 200));
void engine.neighbourRadii(points, 'l1', 3);
const pid = await engine.device.pid();
if (parentPort === null) process.send?.(pid);
else parentPort.postMessage(pid);
setInterval(() => {}, 1000);
