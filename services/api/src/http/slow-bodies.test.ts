import { once } from 'node:events';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { refuseSlowBodies } from './slow-bodies.js';

test('a body that does not come in time is answered with 408, unless its route takes long ones', async () => {
  const app = Fastify();
  refuseSlowBodies(app, 150);
  app.post('/short', async () => ({}));
  app.post('/long', { config: { longBody: true } }, async () => ({}));
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const ask = async (path: string, rest: string, pause: number): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1');
    const head =
      'Host: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n';
    socket.write(`POST ${path} HTTP/1.1\r\n${head}{`);
    setTimeout(() => socket.write(rest), pause);
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => {});
    await once(socket, 'close');
    return text;
  };
  try {
    expect(await ask('/short', '}', 10)).toMatch(/^HTTP\/1\.1 200 /);
    const late = await ask('/short', '}', 1000);
    expect(late).toMatch(/^HTTP\/1\.1 408 /);
    expect(late).toContain('application/problem+json');
    expect(await ask('/long', '}', 400)).toMatch(/^HTTP\/1\.1 200 /);
  } finally {
    await app.close();
  }
});
