import { ProtocolError } from '@modelcontextprotocol/server';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import { describe, expect, it } from 'vitest';
import type { DecisionId } from '../../../lib/ids.js';
import { TaskHandles } from './task-handle.js';
import { TextSeal } from './text-seal.js';
import { askable, retryOf, StateSeal } from './user-input.js';

const hash = keyedHash(Buffer.from('key'));

describe('a sealed text', () => {
  const seal = new TextSeal(hash, 'test');
  const sealed = seal.seal('a.b', { caller: 'ana' });

  it.each<[string, string, string]>([
    ['with a dot in it', 'a.b', 'ana'],
    ['that is empty', '', 'ana'],
    ['of many characters', 'ä'.repeat(10_000), 'ana'],
  ])('%s is opened by its caller alone', (_what, text, caller) => {
    const given = seal.seal(text, { caller });
    expect(seal.open(given, { caller })).toBe(text);
    expect(seal.open(given, { caller: 'eve' })).toBeUndefined();
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no seal', 'a.b'],
    ['a dot alone', '.'],
    ['another text', sealed.replace('a.b', 'a.c')],
    ['a seal that is cut short', sealed.slice(1)],
    ['a seal in other letters', sealed.toUpperCase()],
    ['the seal of another key', new TextSeal(keyedHash(Buffer.from('x')), 'test').seal('a.b', { caller: 'ana' })],
    ['the seal of another purpose', new TextSeal(hash, 'other').seal('a.b', { caller: 'ana' })],
  ])('is not %s', (_what, text) => {
    expect(seal.open(text, { caller: 'ana' })).toBeUndefined();
  });
});

describe('the handle of a task', () => {
  const handles = new TaskHandles(hash);
  const task = { server: 's', tool: 'get', taskId: 't.1', decisionId: 'd1' as DecisionId };

  it('is what it was made of, for its caller alone', () => {
    const handle = handles.sealed(task, 'ana');
    expect(handles.opened(handle, 'ana')).toEqual(task);
    expect(handles.opened(handle, 'eve')).toBeUndefined();
    expect(handles.opened('t.1', 'ana')).toBeUndefined();
  });

  it('made by an earlier version is opened', () => {
    // Made by version 0.1 before seals were one.
    const text = Buffer.from(JSON.stringify(['s', 'get', 't.1', 'd1'])).toString('base64url');
    expect(handles.opened(`${hash(`{"caller":"ana","task":"${text}"}`)}.${text}`, 'ana')).toEqual(task);
  });
});

describe('the state that a server gives', () => {
  const seal = new StateSeal(hash);
  const of = { caller: 'ana', server: 's', tool: 'get', arguments: { id: 1 } };
  const { requestState } = seal.sealed({ requestState: 'st.ate', resultType: 'input_required' }, of);
  const given = (state: unknown) => ({ capabilities: {}, state: String(state) });

  it('comes back as the server gave it', () => {
    expect(requestState).toMatch(/^hmac-sha256:[\w-]+\.st\.ate$/);
    expect(seal.opened(given(requestState), of)?.state).toBe('st.ate');
    const plain = { content: [] };
    expect([seal.sealed(plain, of), seal.opened(undefined, of)]).toEqual([plain, undefined]);
  });

  it.each<[string, object]>([
    ['caller', { caller: 'eve' }],
    ['server', { server: 'x' }],
    ['tool', { tool: 'put' }],
    ['arguments', { arguments: { id: 2 } }],
  ])('does not come back in a call with another %s', (_what, more) => {
    expect(() => seal.opened(given(requestState), { ...of, ...more })).toThrow(ProtocolError);
  });

  it('does not come back unsealed', () => {
    expect(() => seal.opened(given('st.ate'), of)).toThrow(/was not given for this call/);
  });
});

describe('input of the user', () => {
  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [{}, undefined],
    [{ experimental: {} }, undefined],
    [{ elicitation: { form: {} }, experimental: {} }, { elicitation: { form: {} } }],
    [
      { sampling: {}, roots: {} },
      { sampling: {}, roots: {} },
    ],
  ])('with the capabilities %j a server may ask with %j', (capabilities, expected) => {
    expect(askable(capabilities)).toEqual(expected);
  });

  it.each([
    [undefined, {}],
    [{ responses: { a: 1 } }, { inputResponses: { a: 1 } }],
    [
      { responses: {}, state: '' },
      { inputResponses: {}, requestState: '' },
    ],
  ])('a retry with %j has the parameters %j', (input, params) => {
    expect(retryOf(input)).toEqual(params);
  });
});
