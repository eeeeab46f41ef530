import type { Reply, Service } from './service.js';

/** Exchanges at the token service, with the key of the gateway's client for a subject. */
export function exchange(service: Service, form: Readonly<Record<string, string>> = {}, dpop?: string): Promise<Reply> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'shop.example',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token: service.key('bot-for-ana'),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'read',
    ...form,
  });
  const proof = dpop === undefined ? {} : { DPoP: dpop };
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...proof };
  return service.send('POST', '/token', body.toString(), { headers });
}

/** Returns a new transaction token; undefined if none is issued. */
export async function issue(service: Service, dpop?: string): Promise<string | undefined> {
  return (await exchange(service, {}, dpop)).json?.access_token;
}

/** Whether a decision by this token is permitted. */
export async function isBelieved(service: Service, token: string, context: object = {}): Promise<boolean> {
  const reply = await service.ask({ context }, { headers: { 'Txn-Token': token } });
  return reply.json?.decision === true;
}
