import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { canonicalJson, type Fault, showValue } from '@levy/contracts';
import { ProblemError } from '../problems/problem-error.js';

export interface FormRules {
  /** Fields that may be files; others are texts. */
  readonly fileFields: readonly string[];
  /** A new folder for the files, one for each field in it. */
  readonly folder: string;
  /** Of the whole body. */
  readonly maxBytes: number;
  /** A body of which nothing comes for so long is given up. */
  readonly silenceMs: number;
}

/** A file of a form, written down. */
export interface FormFile {
  readonly field: string;
  /** Its own name, made harmless: letters, digits, ".", "_" and "-". */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

export interface ReceivedForm {
  /** Of every field the first text. */
  readonly texts: ReadonlyMap<string, string>;
  readonly files: readonly FormFile[];
  /** Fields that are there twice, files where none may be. */
  readonly faults: readonly Fault[];
  /** SHA-256 of fields and files, whatever the boundary. */
  readonly digest: string;
}

const MAX_FILES = 80;
const MAX_FIELDS = 40;
const MAX_TEXT_BYTES = 4096;
const MAX_NAME_LENGTH = 120;

/**
 * Receives a multipart/form-data body, files into a folder as they come: no more of it is in memory than a chunk.
 * Nothing goes on after it has settled. Throws ProblemError for what is no such form, is too large or breaks off.
 */
export async function receiveForm(source: IncomingMessage, rules: FormRules): Promise<ReceivedForm> {
  const claimed = Number(source.headers['content-length'] ?? 0);
  if (claimed > rules.maxBytes) throw tooLarge(rules.maxBytes);
  return new FormReceiver(openParser(source), rules).receive(source);
}

class FormReceiver {
  readonly #parser: BusboyInstance;
  readonly #rules: FormRules;
  readonly #stop = new AbortController();
  readonly #texts = new Map<string, string>();
  readonly #files: FormFile[] = [];
  readonly #names = new Set<string>();
  readonly #faults: Fault[] = [];
  readonly #writes: Promise<void>[] = [];

  constructor(parser: BusboyInstance, rules: FormRules) {
    this.#parser = parser;
    this.#rules = rules;
    parser.on('file', (field, stream, name) => this.#takeFile(field, stream, name));
    parser.on('field', (field, value, _, isCut) => this.#takeText(field, value, isCut));
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
      parser.on(limit, () =>
        this.#fail(noForm(`it has more than ${MAX_FILES} files or ${MAX_FIELDS} other fields`)),
      );
    }
  }

  async receive(source: IncomingMessage): Promise<ReceivedForm> {
    try {
      await this.#feed(source);
      await Promise.all(this.#writes);
    } catch (error) {
      this.#fail(error);
    }
    await Promise.allSettled(this.#writes);
    this.#stop.signal.throwIfAborted();
    const files = this.#files.map(({ field, name, sha256 }) => ({ field, name, sha256 }));
    const content = { texts: Object.fromEntries(this.#texts), files };
    return {
      texts: this.#texts,
      files: this.#files,
      faults: this.#faults,
      digest: createHash('sha256').update(canonicalJson(content)).digest('hex'),
    };
  }

  /** Resolves when the parser has seen the end of the form. The source itself is left as it is, for an answer. */
  #feed(source: IncomingMessage): Promise<void> {
    const parser = this.#parser;
    return new Promise<void>((resolve, reject) => {
      let received = 0;
      const onDrain = (): void => void source.resume();
      const onData = (chunk: Uint8Array): void => {
        received += chunk.byteLength;
        silence.refresh();
        if (received > this.#rules.maxBytes) settle(tooLarge(this.#rules.maxBytes));
        else if (!parser.write(chunk)) source.pause();
      };
      const onEnd = (): void => void parser.end();
      const onBroken = (): void => settle(noForm('it broke off before its end'));
      const onStop = (): void => settle(this.#stop.signal.reason);
      const { silenceMs } = this.#rules;
      const silence = setTimeout(() => settle(noForm(`nothing came for ${silenceMs / 1000} s`)), silenceMs);
      const settle = (error?: unknown): void => {
        source.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onClose);
        source.on('error', ignore);
        parser.off('drain', onDrain).off('finish', onFinish).off('error', onUnreadable);
        parser.on('error', ignore);
        this.#stop.signal.removeEventListener('abort', onStop);
        clearTimeout(silence);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onClose = (): void => {
        if (!source.readableEnded) onBroken();
      };
      const onFinish = (): void => settle();
      const onUnreadable = (error: unknown): void =>
        settle(noForm(error instanceof Error ? error.message : String(error)));
      this.#stop.signal.addEventListener('abort', onStop);
      parser.on('drain', onDrain).on('finish', onFinish).on('error', onUnreadable);
      source.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onClose);
      source.resume();
    });
  }

  #takeText(field: string | undefined, value: string, isCut: boolean): void {
    if (field === undefined) {
      this.#fail(noForm('one of its parts has no name'));
    } else if (isCut) {
      this.#fault(field, 'maxLength', `${showValue(value)} is longer than ${MAX_TEXT_BYTES} bytes`);
    } else if (this.#names.has(field)) {
      this.#fault(field, 'duplicate', `${showValue(field)} is there more than once`);
    } else {
      this.#names.add(field);
      this.#texts.set(field, value);
    }
  }

  #takeFile(field: string | undefined, stream: Readable, given: string | undefined): void {
    stream.on('error', ignore); // told by whoever reads it
    if (field === undefined) {
      this.#fail(noForm('one of its parts has no name'));
    } else if (!this.#rules.fileFields.includes(field)) {
      this.#fault(field, 'unknown-field', `there is no field ${showValue(field)} that takes a file`);
    } else if ((given ?? '') !== '') {
      const name = harmless(given ?? '');
      const place = `${field}/${name}`;
      if (!this.#names.has(place)) {
        this.#names.add(place);
        this.#names.add(field);
        this.#writes.push(this.#write(field, name, stream).catch((error: unknown) => this.#fail(error)));
        return;
      }
      this.#fault(field, 'duplicate', `there are two files named ${name}`);
    }
    // A form in a browser sends an empty part without a name where no file was chosen.
    stream.resume();
  }

  async #write(field: string, name: string, stream: Readable): Promise<void> {
    const folder = join(this.#rules.folder, field);
    const path = join(folder, name);
    const hash = createHash('sha256');
    // The order of files is that of the form, whichever is written first.
    const index = this.#files.push({ field, name, path, sha256: '' }) - 1;
    const { signal } = this.#stop;
    try {
      await mkdir(folder, { recursive: true });
      const file = createWriteStream(path, { flags: 'wx' });
      await pipeline(stream, hashed(hash), file, { signal });
    } catch (error) {
      // A stream that nobody reads would hold up the parser.
      stream.resume();
      throw error;
    }
    this.#files[index] = { field, name, path, sha256: hash.digest('hex') };
  }

  #fault(field: string, code: string, detail: string): void {
    const pointer = `#/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (this.#faults.length < MAX_FILES) this.#faults.push({ pointer, code, detail });
  }

  #fail(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(error);
  }
}

function openParser(source: IncomingMessage): BusboyInstance {
  const type = source.headers['content-type'] ?? '';
  try {
    return Busboy({
      headers: { ...source.headers, 'content-type': type },
      isPartAFile: (_field, _type, name) => name !== undefined,
      limits: {
        files: MAX_FILES,
        fields: MAX_FIELDS,
        fieldSize: MAX_TEXT_BYTES,
        headerPairs: 32,
        headerSize: 8192,
      },
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ProblemError('invalid-multipart', `Content-Type ${showValue(type)} names no form: ${detail}`, {
      errors: [{ header: 'Content-Type', code: 'invalid', detail: 'send multipart/form-data; boundary=…' }],
    });
  }
}

function hashed(hash: { update(bytes: Uint8Array): unknown }) {
  return async function* pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}

/** Its end tells what kind of file it is, so that is kept. */
function harmless(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^[.-]+/, '');
  return plain.slice(-MAX_NAME_LENGTH) || 'unnamed';
}

function noForm(why: string): ProblemError {
  return new ProblemError('invalid-multipart', `the body is no form that can be read: ${why}`);
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError(
    'payload-too-large',
    `the body is larger than ${limit} bytes, the most that this service takes (LEVY_UPLOAD_BYTES)`,
  );
}

function ignore(): void {}
