/** Every kind of problem that the service answers with; the key is the `<code>` of its `type`. */
export const PROBLEMS = {
  'invalid-json': {
    status: 400,
    title: 'The body is not JSON',
    help: 'Send a JSON document in UTF-8 and check brackets, quotes and numbers: NaN and Infinity are not JSON.',
  },
  'invalid-multipart': {
    status: 400,
    title: 'The body is no form',
    help: 'Send multipart/form-data (RFC 7578) with the boundary that Content-Type names, every part with a name, to its end.',
  },
  'invalid-query': {
    status: 400,
    title: 'A query parameter is wrong',
    help: 'Each fault is named in errors. The parameters of every route are listed in /openapi.json.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not one of ours',
    help: 'Take the cursor from nextCursor or from the Link header of the page before, unchanged, and leave the filters as they were.',
  },
  'invalid-header': {
    status: 400,
    title: 'A request header is wrong',
    help: 'Each fault is named in errors.',
  },
  unauthorized: {
    status: 401,
    title: 'A key is needed',
    help: 'Send Authorization: Bearer levy_<id>_<secret> with a key that this service knows.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    help: 'This service or this key does not allow that request.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    help: 'Nothing with this address exists, or it belongs to another owner.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    help: 'The Allow header lists the methods of this address.',
  },
  'not-final': {
    status: 409,
    title: 'The job is not final',
    help: 'Wait until the job has finished, or cancel it first.',
  },
  'not-succeeded': {
    status: 409,
    title: 'The job has no result',
    help: 'A result exists once the status is succeeded. Look at status and error of the job.',
  },
  'name-taken': {
    status: 409,
    title: 'The name belongs to another data set',
    help: 'Choose another name, or remove the data set that has it. The same content under the same name is no conflict.',
  },
  'dataset-in-use': {
    status: 409,
    title: 'Jobs that are not final need the data set',
    help: 'Wait until they have finished, or cancel them first.',
  },
  'built-in': {
    status: 409,
    title: 'The data set is built in',
    help: 'The digits are part of every store and stay.',
  },
  'idempotency-in-flight': {
    status: 409,
    title: 'The first request with this Idempotency-Key is still being handled',
    help: 'Repeat the request in a moment.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    help: 'A job is at most 1 MiB; how large a data set may be is set where the service runs (LEVY_UPLOAD_BYTES).',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The content type is not supported',
    help: 'Send Content-Type: application/json; data sets are uploaded as multipart/form-data.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range is not within the file',
    help: 'Content-Range tells how long the file is; ask for a part of it, or leave Range out.',
  },
  'invalid-job': {
    status: 422,
    title: 'The job cannot be measured as it stands',
    help: 'Every fault is named in errors with a pointer to its field.',
  },
  'invalid-dataset': {
    status: 422,
    title: 'The data set cannot be taken as it stands',
    help: 'What is wrong is named in errors, with a pointer to the field of the form or the body.',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'This Idempotency-Key was used with another body',
    help: 'Use a new key for a new request.',
  },
  'too-many-uploads': {
    status: 429,
    title: 'Other data sets are being taken in',
    help: 'Repeat the request after the time in Retry-After.',
  },
  'storage-full': {
    status: 503,
    title: 'The data folder is full',
    help: 'Nothing was stored. Remove data sets that are not needed, or make room where the service runs.',
  },
  'queue-unavailable': {
    status: 503,
    title: 'The queue cannot be reached',
    help: 'Redis does not answer. Nothing was accepted; repeat the request after the time in Retry-After.',
  },
  'shutting-down': {
    status: 503,
    title: 'The service is stopping',
    help: 'Repeat the request after the time in Retry-After.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    help: 'The fault is ours. The log line with this requestId tells more.',
  },
} as const satisfies Record<string, { status: number; title: string; help: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
