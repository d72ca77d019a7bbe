/** A part of a multipart body: a text, or a file with a name. */
export interface FormPart {
  readonly field: string;
  readonly file?: string;
  readonly content: string | Uint8Array;
}

const BOUNDARY = 'levy-test-boundary';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A multipart/form-data body, byte for byte the same every time. */
export function formBody(parts: readonly FormPart[]): Uint8Array {
  const chunks = parts.flatMap(({ field, file, content }) => {
    const name = file === undefined ? '' : `; filename="${file}"`;
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${name}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

export function text(field: string, content: string): FormPart {
  return { field, content };
}

export function file(field: string, name: string, content: string | Uint8Array): FormPart {
  return { field, file: name, content };
}
