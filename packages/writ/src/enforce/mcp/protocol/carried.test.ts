import { describe, expect, it } from 'vitest';
import { carriedIn, TOKEN_META } from './carried.js';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const OTHER = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;

describe('what a call carries', () => {
  it.each<[string, object | undefined, object | undefined, object]>([
    ['nothing', undefined, undefined, {}],
    ['a trace of its message', { traceparent: TRACE }, undefined, { trace: { traceparent: TRACE } }],
    [
      'a trace of its headers',
      {},
      { traceparent: TRACE, tracestate: 'a=b' },
      { trace: { traceparent: TRACE, tracestate: 'a=b' } },
    ],
    [
      'the trace of its message before that of its headers',
      { traceparent: TRACE },
      { traceparent: OTHER },
      { trace: { traceparent: TRACE } },
    ],
    [
      'no tracestate that is too long',
      { traceparent: TRACE, tracestate: 'x'.repeat(513) },
      undefined,
      { trace: { traceparent: TRACE } },
    ],
    ['no trace of another version', { traceparent: TRACE.replace('00', '01') }, undefined, {}],
    ['no trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` }, undefined, {}],
    ['no trace that is no text', { traceparent: [TRACE] }, undefined, {}],
    ['a token of its message', { [TOKEN_META]: 't' }, { 'txn-token': 'other' }, { txnToken: 't' }],
    ['a token of its headers', {}, { 'txn-token': 't' }, { txnToken: 't' }],
    [
      'the token of its headers, where its message has null',
      { [TOKEN_META]: null },
      { 'txn-token': 't' },
      { txnToken: 't' },
    ],
    ['an object for a token as one', { [TOKEN_META]: {} }, undefined, { txnToken: '[object Object]' }],
    ['a prompt', { 'dev.writ/prompt': 'do it' }, undefined, { prompt: 'do it' }],
    ['no prompt that is no text', { 'dev.writ/prompt': {} }, undefined, {}],
  ])('is %s', (_what, meta, headers, expected) => {
    const nothing = { trace: undefined, txnToken: undefined, prompt: undefined, proof: undefined };
    const carried = carriedIn(
      meta as Readonly<Record<string, unknown>>,
      headers as Readonly<Record<string, unknown>>,
      undefined,
    );
    expect(carried).toEqual({ ...nothing, ...expected });
  });

  it.each([
    ['http://gateway/mcp', { proof: 'p', method: 'POST', url: 'http://gateway/mcp' }],
    [undefined, undefined],
  ])('is a proof of possession, where it is known to which URL it came: %s', (url, proof) => {
    expect(carriedIn(undefined, { dpop: 'p' }, url).proof).toEqual(proof);
  });
});
