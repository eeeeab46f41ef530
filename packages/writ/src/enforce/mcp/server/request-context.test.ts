import type { CallingClient } from '@writ/enforce';
import { describe, expect, it } from 'vitest';
import { TOKEN_META } from '../protocol/carried.js';
import { callerIn } from './request-context.js';

const [ANA, BOT, OPS] = ['ana', 'bot', 'ops'].map((id) => ({ type: 'User', id })) as [
  CallingClient['originator'],
  CallingClient['originator'],
  CallingClient['originator'],
];
const tokenFor = (sub: unknown): string => `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.`;
const KEY: CallingClient = { originator: ANA, agent: BOT, task: 't' };
const OWN: CallingClient = { originator: BOT, agent: undefined, task: 't' };

describe('the caller of a request', () => {
  it.each<[string, CallingClient, string | undefined, CallingClient]>([
    ['a client with a key, whatever its token says', KEY, tokenFor('User::"ops"'), KEY],
    ['a client with a credential of its own, without a token', OWN, undefined, OWN],
    ['a client with a token for itself', OWN, tokenFor('User::"bot"'), OWN],
    ['a client that works for another', OWN, tokenFor('User::"ops"'), { ...OWN, originator: OPS, agent: BOT }],
    ['a client with a token that names nobody', OWN, tokenFor('ops'), OWN],
    ['a client with a token that is not readable', OWN, 'token', OWN],
  ])('is %s', (_what, client, token, expected) => {
    const meta = token === undefined ? undefined : { [TOKEN_META]: token };
    const caller = callerIn({ client, txnToken: 'standing' }, meta);
    expect(caller.client).toEqual(expected);
    expect(caller.carried.txnToken).toBe(token ?? 'standing');
  });

  it('carries the proof of its headers, for the URL to which they came', () => {
    const context = { client: OWN, txnToken: undefined, headers: { dpop: 'p' } };
    const proof = { proof: 'p', method: 'POST', url: 'http://gateway/mcp' };
    expect(callerIn({ ...context, url: proof.url }, undefined).carried.proof).toEqual(proof);
    expect(callerIn(context, undefined).carried.proof).toBeUndefined();
  });
});
