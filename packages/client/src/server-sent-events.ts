/** A message of an event stream (WHATWG HTML §9.2). A heartbeat has nothing in it. */
export interface StreamMessage {
  /** Where to go on after it. */
  readonly id?: string | undefined;
  readonly event?: string | undefined;
  readonly data?: string | undefined;
}

/** No event of this API is nearly as long. */
const MAX_LENGTH = 1 << 20;

/** Takes an event stream apart, message by message. Throws RangeError for one without an end. */
export class StreamParser {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The messages that end in these bytes. */
  take(bytes: Uint8Array): StreamMessage[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const blocks = this.#rest.split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > MAX_LENGTH)
      throw new RangeError(`an event is longer than ${MAX_LENGTH} characters`);
    return blocks.map(parse);
  }
}

function parse(block: string): StreamMessage {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    const before = fields.get(name);
    fields.set(name, name === 'data' && before !== undefined ? `${before}\n${value}` : value);
  }
  return { id: fields.get('id'), event: fields.get('event'), data: fields.get('data') };
}
