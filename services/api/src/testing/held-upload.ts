import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { FORM_TYPE } from './form.js';

/** An upload whose body comes piece by piece, as the test wants it. */
export class HeldUpload {
  readonly #request: ClientRequest;
  readonly #answer: Promise<IncomingMessage>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#request = request(`${url}/v1/datasets`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': FORM_TYPE,
        ...('content-length' in headers ? {} : { 'transfer-encoding': 'chunked' }),
        ...headers,
      },
    });
    this.#request.on('error', () => {}); // a test that breaks off expects one
    this.#answer = once(this.#request, 'response').then(([response]) => response);
    this.#answer.catch(() => {});
  }

  async send(bytes: Uint8Array): Promise<void> {
    if (!this.#request.write(bytes)) await once(this.#request, 'drain');
  }

  /** Sends the last bytes, and answers the status and the body. */
  async end(
    bytes?: Uint8Array,
  ): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
    this.#request.end(bytes);
    return this.answer();
  }

  async answer(): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
    const response = await this.#answer;
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, text, headers: response.headers };
  }

  /** As a client that dies. */
  breakOff(): void {
    this.#request.destroy();
  }
}
