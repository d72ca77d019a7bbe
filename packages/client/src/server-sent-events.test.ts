import { expect, test } from 'vitest';
import { StreamParser } from './server-sent-events.js';

const TEXT =
  ': hello\n\nretry: 2000\nid: 4\n\nid: 5\nevent: log\ndata: {"a": "é€😀"}\n\nid:6\r\ndata: one\r\ndata: two\r\nother\r\n\r\n';
const MESSAGES = [
  {},
  { id: '4' },
  { id: '5', event: 'log', data: '{"a": "é€😀"}' },
  { id: '6', data: 'one\ntwo' },
];

test('a stream is the same messages however its bytes come', () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const parser = new StreamParser();
    const messages = [];
    for (let start = 0; start < bytes.length; start += size) {
      messages.push(...parser.take(bytes.subarray(start, start + size)));
    }
    expect(messages).toEqual(MESSAGES);
  }
});

test('what never ends is not gathered for ever', () => {
  const parser = new StreamParser();
  const chunk = new Uint8Array(300_000).fill(0x61);
  for (let i = 0; i < 3; i++) expect(parser.take(chunk)).toEqual([]);
  expect(() => parser.take(chunk)).toThrow(RangeError);
});
