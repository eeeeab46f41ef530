import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { Credentials, Holder } from '../../provenance/credentials.js';
import { CredentialError, IssuerUnreachableError } from '../../provenance/errors.js';
import { authenticate } from './authenticate.js';
import type { AuthenticatedCaller, Callers } from './callers.js';
import { Problem } from './problem.js';

const ANONYMOUS = { enforcementPoint: 'anonymous' } as AuthenticatedCaller;
const PEP = { enforcementPoint: 'pep' } as AuthenticatedCaller;
const KEYS: Readonly<Record<string, Holder>> = {
  'Bearer writ_pep': { kind: 'caller', name: 'pep' } as Holder,
  'Bearer writ_gone': { kind: 'caller', name: 'gone' } as Holder,
  'Bearer writ_client': { kind: 'client', name: 'desk' } as Holder,
};
const credentials = { verifyOn: (_socket: unknown, text: string) => KEYS[text] } as unknown as Credentials;
const TOKENS: Readonly<Record<string, unknown>> = {
  'a.ok.c': { issuer: 'https://idp', subject: 'pep', claims: { jti: '1' } },
  'a.other.c': { issuer: 'https://idp', subject: 'nobody', claims: {} },
  'a.revoked.c': { issuer: 'https://idp', subject: 'pep', claims: { jti: 'revoked' } },
};
const callers = {
  anonymous: ANONYMOUS,
  certificates: new Map(),
  withKey: (name: string) => (name === 'pep' ? PEP : undefined),
  withToken: (_issuer: string, subject: string) => (subject === 'pep' ? PEP : undefined),
  withCertificate: () => undefined,
  isRevoked: (token: string) => token.includes('revoked'),
  tokens: {
    verify: async (token: string) => {
      if (token === 'a.down.c') throw new IssuerUnreachableError('the keys cannot be had');
      if (TOKENS[token] === undefined) throw new CredentialError('the token is not of an issuer that is known here');
      return TOKENS[token];
    },
  },
} as unknown as Callers;

const ask = async (...headers: string[]): Promise<unknown> => {
  const request = {
    headers: headers.length === 0 ? {} : { authorization: headers[0] },
    rawHeaders: ['Host', 'x', ...headers.flatMap((value, i) => [i === 0 ? 'Authorization' : 'AUTHORIZATION', value])],
    socket: {},
  } as unknown as IncomingMessage;
  try {
    return (await authenticate(request, callers, credentials)).enforcementPoint;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.status, error.detail];
  }
};

test.each<[string, string[], unknown]>([
  ['nothing', [], 'anonymous'],
  ['the key of a caller', ['Bearer writ_pep'], 'pep'],
  ['an access token', ['Bearer a.ok.c'], 'pep'],
  ['an access token, with the scheme in small letters', ['bearer  a.ok.c '], 'pep'],
  ['a header sent twice', ['Bearer writ_pep', 'Bearer writ_pep'], [401, 'the header Authorization is sent once']],
  ['an empty header', [''], [401, 'send the key of a caller, or an access token, as bearer token']],
  ['another scheme', ['Basic YTpi'], [401, 'send the key of a caller, or an access token, as bearer token']],
  ['a key that is none', ['Bearer writ_x'], [401, 'send the key of a caller, or an access token, as bearer token']],
  ['a key of a caller that is gone', ['Bearer writ_gone'], [401, expect.stringContaining('a client of the gateway')]],
  ['the key of a client', ['Bearer writ_client'], [401, expect.stringContaining('a client of the gateway')]],
  ['a token of four parts', ['Bearer a.ok.c.d'], [401, expect.stringContaining('bearer token')]],
  ['a token that is too long', [`Bearer a.${'x'.repeat(8_192)}.c`], [401, expect.stringContaining('bearer token')]],
  ['a token that proves nothing', ['Bearer a.forged.c'], [401, expect.stringContaining('not of an issuer')]],
  ['a token of nobody', ['Bearer a.other.c'], [401, 'no caller is declared with the token of "nobody"']],
  ['a token that is revoked', ['Bearer a.revoked.c'], [401, 'the token is revoked']],
  ['a token that cannot be verified now', ['Bearer a.down.c'], [503, 'the keys cannot be had']],
])('%s', async (_what, headers, expected) => {
  expect(await ask(...headers)).toEqual(expected);
});
