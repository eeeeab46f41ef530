import { ClientTokens } from '../provenance/client-tokens.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

/** Returns what identifies the clients of the gateway and of the proxy for HTTP: the same credentials are good for both. */
export function enforcedClients(
  { credentials, registry, runtime }: Rooms,
  serving: Serving,
  token: TokenService,
): ClientTokens {
  const clients = (name: string) => serving.active.bundle.settings.gateway.clients[name];
  return new ClientTokens({
    credentials,
    clientToken: (...credential) => token.exchange.clientToken(...credential),
    tokens: token.tokens,
    hasTokens: () => token.domain() !== undefined,
    onCredential: registry.credentialUses.used,
    isPromptTrusted: (client) => clients(client)?.prompt === true,
    kindOf: (client) => clients(client)?.task,
    clock: runtime.clock,
  });
}
