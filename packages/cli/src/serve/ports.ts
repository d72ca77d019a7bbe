import { createServer } from 'node:net';

/** Whether something listens there already, or the address cannot be had for another reason. */
export async function portFault(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await listenOnce(host, port);
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/** A port of this machine that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return listenOnce('127.0.0.1', 0);
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
