import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes connections on to a server, and can cut them all. */
export class CuttingProxy implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #bytes = 0;
  /** A connection is cut after so many bytes of answers. */
  cutAfter = Number.POSITIVE_INFINITY;
  cuts = 0;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      let bytes = 0;
      const server = connect(Number(target.port), target.hostname);
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.pipe(server);
      server.on('data', (chunk: Uint8Array) => {
        const room = Math.max(0, this.cutAfter - bytes);
        bytes += chunk.byteLength;
        this.#bytes += chunk.byteLength;
        client.write(chunk.subarray(0, room));
        if (bytes < this.cutAfter) return;
        this.cuts += 1;
        client.end(() => client.destroy());
        server.destroy();
      });
    });
  }

  static async open(target: string): Promise<CuttingProxy & { readonly url: string }> {
    const proxy = new CuttingProxy(new URL(target));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    const address: AddressInfo | string | null = proxy.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port is free');
    return Object.assign(proxy, { url: `http://127.0.0.1:${address.port}` });
  }

  get bytes(): number {
    return this.#bytes;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
