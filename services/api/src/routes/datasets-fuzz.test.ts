import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checker, DatasetSchema, ProblemSchema } from '@levy/contracts';
import { encodeNpy } from '@levy/datasets';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench, until } from '../testing/bench.js';
import { FORM_TYPE, type FormPart, file, formBody, text } from '../testing/form.js';
import { HeldUpload } from '../testing/held-upload.js';

const RUNS = 300;

let redis: PrivateRedis;
let bench: Bench;
beforeAll(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const problems = checker(ProblemSchema);
const datasets = checker(DatasetSchema);

const npy = encodeNpy({ dtype: 'u1', shape: [4, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
const VALID: readonly FormPart[] = [
  text('name', 'fuzz'),
  file('from', 'x.npy', npy),
  file('labels', 'l.txt', '0\n1\n0\n1\n'),
  text('testLast', '1'),
];

const fields = fc.constantFrom(
  'name',
  'from',
  'test',
  'testLast',
  'testFraction',
  'labels',
  'softLabels',
  'range',
  '',
  '__proto__',
  'a"b',
  '\r\n',
  'é',
);
const contents = fc.oneof(
  fc.constantFrom<string | Uint8Array>(
    '',
    '0',
    '1,2\n3,4\n',
    '0.5',
    '../..',
    '\0',
    npy,
    npy.subarray(0, 20),
    gzipSync(npy),
    gzipSync(npy).subarray(0, 15),
  ),
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ maxLength: 30 }),
);
const files = fc.constantFrom(
  'x.npy',
  'x.csv',
  'x.npz',
  'x.bin',
  'x.npy.gz',
  'x-ubyte',
  '',
  '..',
  '../../x.csv',
  'C:\\x.csv',
  'a/b',
  '\r\nX: y',
  '%00.csv',
  '.hidden',
  'é.npy',
  'x'.repeat(300),
);
const parts: fc.Arbitrary<FormPart> = fc
  .record({ field: fields, file: fc.option(files, { nil: undefined }), content: contents })
  .map(({ file: name, ...rest }) => (name === undefined ? rest : { ...rest, file: name }));
const forms = fc.oneof(
  fc.array(parts, { maxLength: 8 }),
  fc.tuple(fc.constantFrom(...VALID.keys()), parts).map(([at, part]) => VALID.with(at, part)),
  fc.constantFrom(VALID),
);
/** Bytes put in, taken out or changed somewhere; '' leaves the body as it is. */
const changes = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(40),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom(
          '\r\n',
          '--',
          '\r\n--levy-test-boundary',
          '\r\n--levy-test-boundary--\r\n',
          '\n\n',
          'name=',
        )
        .map((each) => Buffer.from(each)),
    ),
  }),
  { maxLength: 4 },
);
const types = fc.oneof(
  { weight: 8, arbitrary: fc.constant(FORM_TYPE) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'multipart/form-data',
      'multipart/form-data; boundary=""',
      'multipart/form-data; boundary=levy',
      `multipart/form-data; boundary=${'b'.repeat(500)}`,
      'multipart/form-data; boundary=a; boundary=b',
      'multipart/form-data;;;',
      'multipart/form-data; charset=utf-16; boundary=levy-test-boundary',
    ),
  },
);

function changed(
  body: Uint8Array,
  edits: readonly { at: number; drop: number; put: Uint8Array }[],
): Uint8Array {
  return edits.reduce<Uint8Array>((bytes, { at, drop, put }) => {
    const start = Math.floor(at * bytes.byteLength);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + drop)]);
  }, body);
}

test('malformed forms are refused by name, and leave nothing behind', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(forms, changes, types, async (form, edits, type) => {
      const raw = changed(formBody(form), edits);
      const answer = await bench.call('POST', '/v1/datasets', { raw, headers: { 'content-type': type } });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect(answer.text).not.toContain(bench.dataDir);
      if (answer.status < 300) {
        expect(datasets.faults(answer.body)).toEqual([]);
        expect((await bench.call('DELETE', `/v1/datasets/${answer.body.id}`)).status).toBe(204);
      } else {
        expect([answer.status, problems.faults(answer.body)]).toEqual([
          expect.toBeOneOf([400, 409, 415, 422]),
          [],
        ]);
      }
      expect(await readdir(join(bench.dataDir, 'tmp'))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  // Every stage was reached: the form, its fields, the files in it, the store.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([201, 400, 422]));
  expect((await bench.call('GET', '/livez')).status).toBe(200);
}, 180_000);

test('forms that break off anywhere leave nothing behind', async () => {
  const whole = formBody(VALID);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.byteLength - 1), fc.boolean(), async (length, isAnnounced) => {
      const headers = isAnnounced ? { 'content-length': String(whole.byteLength) } : {};
      const held = new HeldUpload(bench.url, headers);
      await held.send(whole.subarray(0, length));
      held.breakOff();
    }),
    { numRuns: 50 },
  );
  await until('nothing left', async () => (await readdir(join(bench.dataDir, 'tmp'))).length === 0);
  expect((await bench.datasets.list()).map(({ id }) => id)).toEqual(['digits']);
  const answer = await bench.call('POST', '/v1/datasets', {
    raw: whole,
    headers: { 'content-type': FORM_TYPE },
  });
  expect(answer.status).toBe(201);
});
