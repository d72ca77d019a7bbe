import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { checker, type Dataset, DatasetSchema, ProblemSchema } from '@levy/contracts';
import { DatasetStore, encodeNpy, encodeNpz } from '@levy/datasets';
import { type PrivateRedis, startPrivateRedis } from '@levy/queue/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, Bench, UPLOAD_BYTES, until } from '../testing/bench.js';
import { FORM_TYPE, type FormPart, file, formBody, text } from '../testing/form.js';
import { HeldUpload } from '../testing/held-upload.js';
import { JOB, storeSampleResult } from '../testing/sample-result.js';

let redis: PrivateRedis;
let bench: Bench;
// Jobs of another test would need the data sets of this one.
beforeEach(async () => {
  redis = await startPrivateRedis();
  bench = await Bench.open(redis.url);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  await redis.stop();
});

const datasets = checker(DatasetSchema);
const problems = checker(ProblemSchema);
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

function upload(parts: readonly FormPart[], headers: Record<string, string> = {}): Promise<Answer> {
  return bench.call('POST', '/v1/datasets', {
    raw: formBody(parts),
    headers: { 'content-type': FORM_TYPE, ...headers },
  });
}

/** Nothing is left on its way. */
async function expectNoTempFiles(): Promise<void> {
  await until('an empty temporary folder', async () => (await tempFiles()).length === 0);
}

function tempFiles(): Promise<string[]> {
  return readdir(join(bench.dataDir, 'tmp'), { recursive: true });
}

function expectProblem(
  answer: Pick<Answer, 'status' | 'body'>,
  status: number,
  code: string,
  pointers?: string[],
): void {
  expect(problems.faults(answer.body)).toEqual([]);
  expect([answer.status, answer.body.type]).toEqual([status, `/problems/${code}`]);
  if (pointers === undefined) return;
  const told = answer.body.errors.map(
    (error: { pointer?: string; header?: string }) => error.pointer ?? error.header,
  );
  expect([...told].sort()).toEqual([...pointers].sort());
}

const csv = (rows: number, from = 0): string =>
  Array.from({ length: rows }, (_, i) => `${(from + i) / 64},${((from + i) * 7) % 13},${i % 3}\n`).join('');
const points = (...more: FormPart[]): FormPart[] => [
  text('name', 'points'),
  file('from', 'points.csv', csv(40)),
  text('labels', '2'),
  ...more,
];

describe('POST /v1/datasets', () => {
  test('takes a CSV file with its labels; again it is there already, in other words it is refused', async () => {
    const first = await upload(points(text('testLast', '8'), text('range', '-1,100')));
    expect(first.status).toBe(201);
    expect(datasets.faults(first.body)).toEqual([]);
    expect(first.headers.get('location')).toBe('/v1/datasets/points');
    expect(first.body).toMatchObject({
      id: 'points',
      dtype: 'f4',
      shape: [2],
      valueRange: { low: -1, high: 100 },
      splits: { train: { rows: 32 }, test: { rows: 8 } },
      labels: { classes: 3 },
      source: 'Imported from points.csv',
    });
    expect((await bench.call('GET', '/v1/datasets/points')).body).toEqual(first.body);

    const again = await upload(points(text('range', '-1,100'), text('testLast', '8')));
    expect([again.status, again.headers.get('location'), again.body]).toEqual([
      200,
      '/v1/datasets/points',
      first.body,
    ]);
    const other = await upload(points(text('testLast', '9'), text('range', '-1,100')));
    expectProblem(other, 409, 'name-taken', ['#/name']);
    expect((await bench.call('GET', '/v1/datasets/points')).body).toEqual(first.body);
    await expectNoTempFiles();
  });

  test('takes what the command takes, and makes the same of it', async () => {
    const bytes = Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256);
    const images = encodeNpy({ dtype: 'u1', shape: [12, 2, 2], data: bytes });
    const floats = {
      dtype: 'f4',
      shape: [6, 2],
      data: Float32Array.from({ length: 12 }, (_, i) => i / 8),
    } as const;
    const soft = '0.5,0.5\n'.repeat(12);
    const labels = Array.from({ length: 12 }, (_, i) => `${i % 2}\n`).join('');
    const forms: [FormPart[], object][] = [
      [
        [
          text('name', 'npy'),
          file('from', 'a.npy.gz', gzipSync(images)),
          text('testFraction', '.25'),
          file('labels', 'labels.txt', labels),
          file('softLabels', 'soft.csv', soft),
        ],
        {
          dtype: 'u1',
          scale: 255,
          shape: [2, 2],
          splits: { train: { rows: 9 }, test: { rows: 3 } },
          labels: { classes: 2 },
          softLabels: { classes: 2 },
        },
      ],
      [
        [text('name', 'npz'), file('from', 'd.npz', await encodeNpz({ x_train: floats, x_test: floats }))],
        { dtype: 'f4', splits: { train: { rows: 6 }, test: { rows: 6 } } },
      ],
      [
        [
          text('name', 'parts'),
          file('from', 'b.csv', csv(5)),
          file('from', 'a.csv', csv(6, 5)),
          file('test', 'a.csv', csv(7)),
        ],
        { splits: { train: { rows: 11 }, test: { rows: 7 } }, source: 'Imported from b.csv, a.csv, a.csv' },
      ],
      [
        [text('name', 'mnist'), ...mnist(4, 2)],
        { shape: [3, 3], splits: { train: { rows: 4 }, test: { rows: 2 } }, labels: { classes: 3 } },
      ],
      [
        [text('name', 'tiny-cifar'), file('from', 'x.bin', cifar(4)), file('test', 'y.bin', cifar(2))],
        { shape: [3, 32, 32], splits: { train: { rows: 4 }, test: { rows: 2 } }, labels: { classes: 4 } },
      ],
    ];
    for (const [parts, expected] of forms) {
      const answer = await upload(parts);
      expect(answer.body).toMatchObject(expected);
      expect(answer.status).toBe(201);
    }
    expect((await bench.datasets.list()).map(({ id }) => id)).toHaveLength(6);
    await expectNoTempFiles();
  });

  test.each<[string, FormPart[], string[]]>([
    ['nothing', [], ['#/name', '#/from']],
    [
      'a name that is none',
      [text('name', 'Points!'), file('from', 'a.csv', csv(9)), text('testLast', '1')],
      ['#/name'],
    ],
    ['a path as text', [text('name', 'p'), text('from', '/etc/passwd'), text('testLast', '1')], ['#/from']],
    [
      'a path as labels',
      points(text('testLast', '1')).map((part) =>
        part.field === 'labels' ? text('labels', '/etc/passwd') : part,
      ),
      ['#/labels'],
    ],
    ['no test rows', points(), ['#']],
    ['two ways to test rows', points(text('testLast', '1'), text('testFraction', '0.5')), ['#/testLast']],
    ['more test rows than rows', points(text('testLast', '40')), ['#/testLast']],
    [
      'a cell that is no number',
      [
        text('name', 'p'),
        file('from', 'a.csv', csv(9)),
        file('from', 'b.csv', '1,2,x\n'),
        text('testLast', '1'),
      ],
      ['#/from/1'],
    ],
    ['values beyond the range', points(text('testLast', '1'), text('range', '0,1')), ['#/from/0']],
    ['a range that is none', points(text('testLast', '1'), text('range', '1,1e999')), ['#/range']],
    [
      'soft labels of another length',
      points(text('testLast', '1'), file('softLabels', 's.csv', '0.5,0.5\n')),
      ['#/softLabels'],
    ],
    [
      'two files of labels',
      [
        text('name', 'p'),
        file('from', 'a.csv', csv(9)),
        file('labels', 'a', '1'),
        file('labels', 'b', '1'),
        text('testLast', '1'),
      ],
      ['#/labels'],
    ],
    [
      'the same file twice',
      [
        text('name', 'p'),
        file('from', 'a.csv', csv(9)),
        file('from', 'a.csv', csv(9)),
        text('testLast', '1'),
      ],
      ['#/from'],
    ],
    [
      'a file of an unknown kind',
      [text('name', 'p'), file('from', 'a.parquet', 'PAR1'), text('testLast', '1')],
      ['#/from/0'],
    ],
    [
      'a bomb',
      [
        text('name', 'p'),
        file('from', 'a.bin.gz', gzipSync(Buffer.alloc(3 * UPLOAD_BYTES))),
        text('testLast', '1'),
      ],
      ['#/from/0'],
    ],
    [
      'everything wrong at once',
      [
        text('name', 'P'),
        text('name', 'q'),
        text('testFraction', '2'),
        text('range', 'x'),
        text('a/b~c', '1'),
        file('more', 'm', ''),
        text('labels', 'x'.repeat(5000)),
      ],
      ['#/name', '#/from', '#/testFraction', '#/range', '#/a~1b~0c', '#/more', '#/labels'],
    ],
  ])('refuses %s, and says where', async (_, parts, pointers) => {
    const answer = await upload(parts);
    expectProblem(answer, 422, 'invalid-dataset', pointers);
    expect(answer.text).not.toContain(bench.dataDir);
    expect((await bench.datasets.list()).map(({ id }) => id)).toEqual(['digits']);
    await expectNoTempFiles();
  });

  test('the name of the digits is taken', async () => {
    const answer = await upload([
      text('name', 'digits'),
      file('from', 'a.csv', csv(9)),
      text('testLast', '1'),
    ]);
    expectProblem(answer, 409, 'name-taken', ['#/name']);
  });

  test.each([
    ['application/json', '{}', 415, 'unsupported-media-type'],
    ['multipart/form-data', 'x', 400, 'invalid-multipart'],
    ['multipart/form-data; boundary=', 'x', 400, 'invalid-multipart'],
    ['multipart/mixed; boundary=x', 'x', 415, 'unsupported-media-type'],
    [FORM_TYPE, 'no form at all', 400, 'invalid-multipart'],
    [FORM_TYPE, Buffer.from(formBody(points())).subarray(0, 200), 400, 'invalid-multipart'],
    [FORM_TYPE, formBody(Array.from({ length: 100 }, (_, i) => text(`f${i}`, ''))), 400, 'invalid-multipart'],
    [
      FORM_TYPE,
      formBody(Array.from({ length: 100 }, (_, i) => file('from', `f${i}`, ''))),
      400,
      'invalid-multipart',
    ],
  ])('refuses a body of type %s that is no form', async (type, raw, status, code) => {
    expectProblem(
      await bench.call('POST', '/v1/datasets', { raw, headers: { 'content-type': type } }),
      status,
      code,
    );
    await expectNoTempFiles();
  });

  test('refuses a body that is too large, announced or not, and lets the client hear it', async () => {
    const large = file('from', 'a.csv', Buffer.alloc(UPLOAD_BYTES, '1,2\n'));
    expectProblem(await upload(points(large)), 413, 'payload-too-large');
    const held = new HeldUpload(bench.url);
    const body = formBody(points(large));
    for (let start = 0; start < body.byteLength; start += 1 << 20)
      await held.send(body.subarray(start, start + (1 << 20)));
    const { status, headers } = await held.answer();
    expect([status, headers.connection]).toEqual([413, 'close']);
    held.breakOff();
    await expectNoTempFiles();
  });

  test('writes files down as they come, and leaves nothing of a client that breaks off', async () => {
    const held = new HeldUpload(bench.url);
    const body = formBody(
      points(text('testLast', '8'), file('test', 'more.csv', Buffer.alloc(1 << 20, '1,2,0\n'))),
    );
    await held.send(body.subarray(0, body.byteLength - 1000));
    await until('the first file', async () =>
      (await tempFiles()).some((path) => path.endsWith('points.csv')),
    );
    held.breakOff();
    await expectNoTempFiles();
    expect(await bench.datasets.get('points')).toBeUndefined();
  });

  test('stops making what nobody waits for any more', async () => {
    const held = new HeldUpload(bench.url);
    const rows = Buffer.from('1,2,3,4,5,6,7,8\n'.repeat(400_000));
    const end = held.end(
      formBody([text('name', 'long'), file('from', 'a.csv', rows), text('testLast', '1')]),
    );
    await until('the import', async () => (await tempFiles()).some((path) => path.includes('/store/')));
    held.breakOff();
    await expect(end).rejects.toThrow();
    await expectNoTempFiles();
    expect(await bench.datasets.get('long')).toBeUndefined();
  });

  test('takes in two at a time, and says when there is room again', async () => {
    const body = (name: string) =>
      formBody([text('name', name), file('from', 'a.csv', csv(9)), text('testLast', '1')]);
    const held = [new HeldUpload(bench.url), new HeldUpload(bench.url)];
    for (const [index, each] of held.entries()) await each.send(body(`held-${index}`).subarray(0, 100));
    await until('both under way', async () => (await readdir(join(bench.dataDir, 'tmp'))).length === 2);
    const third = await bench.call('POST', '/v1/datasets', {
      raw: body('third'),
      headers: { 'content-type': FORM_TYPE },
    });
    expectProblem(third, 429, 'too-many-uploads');
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const [index, each] of held.entries()) {
      expect((await each.end(body(`held-${index}`).subarray(100))).status).toBe(201);
    }
    const fourth = await bench.call('POST', '/v1/datasets', {
      raw: body('third'),
      headers: { 'content-type': FORM_TYPE },
    });
    expect(fourth.status).toBe(201);
  });

  test('is there at once for jobs, and needs no Redis unless a key is given', async () => {
    await redis.kill();
    try {
      const form = points(text('testLast', '8'));
      expect((await upload(form)).status).toBe(201);
      expectProblem(await upload(form, { 'idempotency-key': 'k' }), 503, 'queue-unavailable');
    } finally {
      await redis.restart();
    }
    await until('recovery', async () => (await bench.call('GET', '/readyz')).status === 200);
    expect((await bench.call('POST', '/v1/jobs', { body: { ...JOB, dataset: 'points' } })).status).toBe(202);
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'once' };

  test('answers the same data set again, whatever the boundary, and refuses another body', async () => {
    const form = points(text('testLast', '8'));
    const first = await upload(form, headers);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const body = Buffer.from(formBody(form)).toString('latin1').replaceAll('levy-test-boundary', 'another');
    const again = await bench.call('POST', '/v1/datasets', {
      raw: Buffer.from(body, 'latin1'),
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=another' },
    });
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([
      200,
      'true',
      first.body,
    ]);
    const other = await upload(points(text('testLast', '9')), headers);
    expectProblem(other, 422, 'idempotency-mismatch', ['Idempotency-Key']);

    expect((await bench.call('DELETE', '/v1/datasets/points')).status).toBe(204);
    expectProblem(await upload(form, headers), 404, 'not-found');
    expect((await upload(form)).status).toBe(201);
  });

  test('is free again after a refusal, and in flight while its request is', async () => {
    expect((await upload(points(), headers)).status).toBe(422);
    const body = formBody(points(text('testLast', '8')));
    const held = new HeldUpload(bench.url, headers);
    await held.send(body.subarray(0, 100));
    await until('the first under way', async () => (await readdir(join(bench.dataDir, 'tmp'))).length === 1);
    await sleep(50);
    expectProblem(await upload(points(text('testLast', '8')), headers), 409, 'idempotency-in-flight');
    expect((await held.end(body.subarray(100))).status).toBe(201);
  });
});

describe('POST /v1/datasets/synthetic', () => {
  const body = {
    kind: 'gaussian',
    name: 'g-4',
    dimension: 4,
    samples: 100,
    variances: [1, 2, 3, 4],
    seed: 7,
  };
  const draw = (changes: object, headers: Record<string, string> = {}) =>
    bench.call('POST', '/v1/datasets/synthetic', { body: { ...body, ...changes }, headers });

  test('draws a Gaussian as the command does, once', async () => {
    const headers = { 'idempotency-key': 'draw' };
    const first = await draw({}, headers);
    expect([first.status, first.headers.get('location')]).toEqual([201, '/v1/datasets/g-4']);
    expect(datasets.faults(first.body)).toEqual([]);
    expect(first.body).toMatchObject({
      splits: { train: { rows: 100 }, test: { rows: 1000 } },
      distribution: { kind: 'gaussian', variances: [1, 2, 3, 4], seed: 7 },
    });
    expect((await draw({})).status).toBe(200);
    expect((await draw({}, headers)).headers.get('idempotency-replayed')).toBe('true');
    expectProblem(await draw({ seed: 8 }, headers), 422, 'idempotency-mismatch', ['Idempotency-Key']);
    expectProblem(await draw({ seed: 8 }), 409, 'name-taken', ['#/name']);
    await expectNoTempFiles();
  });

  test.each<[object, string[]]>([
    [{ kind: 'cauchy' }, ['#/kind']],
    [
      { dimension: 0, samples: 1.5, seed: -1, name: 'G', extra: 1 },
      ['#/dimension', '#/samples', '#/seed', '#/name', '#/extra'],
    ],
    [{ variances: [1, 0, 3, 4] }, ['#/variances/1']],
    [{ variances: [1, 2] }, ['#/variances']],
    [{ dimension: 1000, variances: [1], samples: 100_000_000 }, ['#/samples']],
    [{ seed: undefined }, ['#/seed']],
  ])('refuses %j', async (changes, pointers) => {
    expectProblem(await draw(changes), 422, 'invalid-dataset', pointers);
  });

  test('refuses a body that is none', async () => {
    for (const raw of ['', '{', 'null', '[]']) {
      const answer = await bench.call('POST', '/v1/datasets/synthetic', { raw });
      expect(answer.status).toBe(raw === '' || raw === '{' ? 400 : 422);
    }
  });
});

describe('GET /v1/datasets/{id}/content', () => {
  test('answers a part, or bytes by their digest, whole and in ranges', async () => {
    const { body } = await upload(points(text('testLast', '8')));
    const { sha256: digest, bytes } = body.splits.train;
    const path = `/v1/datasets/points/content?digest=${digest}`;
    const response = await fetch(bench.url + path);
    const whole = new Uint8Array(await response.arrayBuffer());
    expect([response.status, whole.byteLength, sha256(whole)]).toEqual([200, bytes, digest]);
    expect(response.headers.get('etag')).toBe(`"${digest}"`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(Array.from(new Float32Array(whole.buffer, 0, 4))).toEqual([0, 0, 1 / 64, 7]);

    const part = await bench.call('GET', '/v1/datasets/points/content?part=train');
    expect(part.headers.get('content-location')).toBe(path);
    expect(part.headers.get('cache-control')).toBe('private, no-cache');
    expect(part.headers.get('etag')).toBe(`"${digest}"`);
    const range = await fetch(bench.url + path, { headers: { range: 'bytes=8-15' } });
    expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 8-15/${bytes}`]);
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(whole.subarray(8, 16));
    const beyond = await bench.call('GET', path, { headers: { range: `bytes=${bytes}-` } });
    expectProblem(beyond, 416, 'range-not-satisfiable', ['Range']);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${bytes}`);
    const seen = await bench.call('GET', path, { headers: { 'if-none-match': `"${digest}"` } });
    expect([seen.status, seen.text]).toEqual([304, '']);
    const labels = await bench.call('GET', '/v1/datasets/points/content?part=testLabels');
    expect([labels.headers.get('content-length'), labels.text]).toEqual([
      '8',
      '\x02\x00\x01\x02\x00\x01\x02\x00',
    ]);
    const head = await bench.call('HEAD', path);
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, String(bytes), '']);
  });

  test('is enough for a worker on another machine to have the same data set', async () => {
    const soft = '0.25,0.75\n'.repeat(40);
    const described = await upload([
      ...[text('name', 'points'), file('from', 'points.csv', csv(40)), file('softLabels', 's.csv', soft)],
      ...[text('testFraction', '0.2'), file('labels', 'l.txt', '0\n1\n'.repeat(20))],
    ]);
    const dataset: Dataset = described.body;
    const fetched = async (digest: string | undefined): Promise<Uint8Array<ArrayBuffer>> => {
      const response = await fetch(`${bench.url}/v1/datasets/points/content?digest=${digest}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    const split = async (name: 'train' | 'test') => ({
      rows: await fetched(dataset.splits[name].sha256),
      labels: await fetched(dataset.labels?.[name]),
      softLabels: new Float64Array((await fetched(dataset.softLabels?.[name])).buffer),
    });
    const elsewhere = await mkdtemp(join(tmpdir(), 'levy-elsewhere-'));
    try {
      const store = await DatasetStore.open(elsewhere);
      const { dtype, scale, shape, valueRange, labels } = dataset;
      const parts = { train: await split('train'), test: await split('test') };
      const copy = await store.add(parts, {
        name: 'points',
        dtype,
        scale,
        shape,
        valueRange,
        classes: labels?.classes,
      });
      expect(copy.dataset.digest).toBe(dataset.digest);
      expect(await store.load('points')).toMatchObject({
        softLabels: { classes: 2 },
        train: { rows: 32, columns: 3 },
      });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test('answers only what the data set has', async () => {
    const result = await storeSampleResult(
      bench.datasets,
      (await bench.call('POST', '/v1/jobs?dryRun=true', { body: JOB })).body.spec,
    );
    for (const query of [
      'part=trainSoftLabels',
      `digest=${result.result.sha256}`,
      `digest=${'0'.repeat(64)}`,
    ]) {
      expectProblem(await bench.call('GET', `/v1/datasets/digits/content?${query}`), 404, 'not-found');
    }
    for (const query of [
      '',
      `?part=train&digest=${'0'.repeat(64)}`,
      '?part=rows',
      '?digest=../x',
      '?part=train&part=test',
    ]) {
      expectProblem(await bench.call('GET', `/v1/datasets/digits/content${query}`), 400, 'invalid-query');
    }
    expectProblem(await bench.call('GET', '/v1/datasets/nowhere/content?part=train'), 404, 'not-found');
  });
});

describe('DELETE /v1/datasets/{id}', () => {
  test('waits for the jobs that need it, whoever submitted them', async () => {
    expect((await upload(points(text('testLast', '8')))).status).toBe(201);
    const job = await bench.call('POST', '/v1/jobs', { body: { ...JOB, dataset: 'points' } });
    await bench.call('POST', '/v1/jobs', { body: JOB });
    const refused = await bench.call('DELETE', '/v1/datasets/points');
    expectProblem(refused, 409, 'dataset-in-use');
    expect(refused.body.detail).toContain('1 job');
    expect((await bench.call('GET', '/v1/datasets/points')).status).toBe(200);
    await bench.call('POST', `/v1/jobs/${job.body.id}/cancel`);
    expect((await bench.call('DELETE', '/v1/datasets/points')).status).toBe(204);
    expectProblem(await bench.call('GET', '/v1/datasets/points'), 404, 'not-found');
    expectProblem(await bench.call('DELETE', '/v1/datasets/points'), 404, 'not-found');
    expect((await bench.call('GET', `/v1/jobs/${job.body.id}`)).body.status).toBe('canceled');
    const late = await bench.call('POST', '/v1/jobs', { body: { ...JOB, dataset: 'points' } });
    expectProblem(late, 422, 'invalid-job', ['#/dataset']);
  });

  test('takes its bytes with it, and a new upload makes jobs possible at once', async () => {
    const { body } = await upload(points(text('testLast', '8')));
    expect((await bench.call('DELETE', '/v1/datasets/points')).status).toBe(204);
    expect(await bench.datasets.blobs.has(body.splits.train.sha256)).toBe(false);
    expect((await upload(points(text('testLast', '8')))).status).toBe(201);
    expect((await bench.call('POST', '/v1/jobs', { body: { ...JOB, dataset: 'points' } })).status).toBe(202);
  });

  test('leaves the digits, and everything while Redis is away', async () => {
    expectProblem(await bench.call('DELETE', '/v1/datasets/digits'), 409, 'built-in');
    await upload(points(text('testLast', '8')));
    await redis.kill();
    try {
      expectProblem(await bench.call('DELETE', '/v1/datasets/points'), 503, 'queue-unavailable');
      expect((await bench.call('GET', '/v1/datasets/points')).status).toBe(200);
    } finally {
      await redis.restart();
    }
  });
});

function idx(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

function mnist(train: number, held: number): FormPart[] {
  const images = (rows: number) =>
    idx(
      [rows, 3, 3],
      Uint8Array.from({ length: rows * 9 }, (_, i) => i),
    );
  const labels = (rows: number) =>
    idx(
      [rows],
      Uint8Array.from({ length: rows }, (_, i) => i % 3),
    );
  return [
    file('from', 'train-images-idx3-ubyte.gz', gzipSync(images(train))),
    file('from', 'train-labels-idx1-ubyte', labels(train)),
    file('from', 't10k-images-idx3-ubyte', images(held)),
    file('from', 't10k-labels-idx1-ubyte.gz', gzipSync(labels(held))),
  ];
}

function cifar(rows: number): Buffer {
  return Buffer.concat(Array.from({ length: rows }, (_, i) => Buffer.alloc(3073, i)));
}
