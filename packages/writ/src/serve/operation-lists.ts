import { type CallingClient, requestBy, workingFor } from '@writ/enforce';
import type { Operation, Service } from '@writ/enforce/http';
import type { ServedServices } from '@writ/enforce/http/proxy';
import { TRANSFORMS } from '@writ/sdk/authzen';
import type { ListedOperation, OperationList, OperationLists } from '../api/services/operations.js';
import { type Caller, inProcess } from '../decide/caller.js';
import type { Decider } from '../decide/decide.js';
import type { TokenProvenance } from '../decide/delegation/token-provenance.js';
import type { TokenVerifier } from '../decide/delegation/token-verifier.js';
import type { InputParts } from '../decide/foreseen-input.js';
import type { Outlook } from '../decide/outlook.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { TokenError } from '../provenance/errors.js';

interface OperationListsParts {
  readonly decider: () => Decider;
  readonly served: () => ServedServices;
  readonly clients: Pick<ClientTokens, 'identify'>;
  readonly verifier: Pick<TokenVerifier, 'verifyToken'>;
}

/** Returns what lists the operations of services over HTTP for the clients of the proxy, as the proxy knows them. */
export function operationLists({ decider, served, clients, verifier }: OperationListsParts): OperationLists {
  return {
    async for({ authorization, ofTask, connection }): Promise<OperationList | undefined> {
      const found = await clients.identify(authorization, connection);
      if (found === undefined) return undefined;
      const client = ofTask === undefined ? found.client : workingFor(found.client, ofTask);
      const { kind } = found.client;
      const proxy = inProcess('proxy', TRANSFORMS);
      const asking = {
        client,
        caller: ofTask === undefined && kind !== undefined ? { ...proxy, kind } : proxy,
        token: await tokenOf(verifier, ofTask, found.txnToken),
      };
      const { originator, agent } = client;
      return {
        of: agent === undefined ? [originator] : [originator, agent],
        list: (page) => listOperations(decider, served(), asking, page),
      };
    },
  };
}

/** @throws {TokenError} if the token of a task does not verify */
async function tokenOf(
  verifier: OperationListsParts['verifier'],
  ofTask: string | undefined,
  ofClient: string | undefined,
): Promise<TokenProvenance | undefined> {
  if (ofTask !== undefined) {
    // A proof would count once, and a list is not recorded.
    const token = await verifier.verifyToken(ofTask, undefined, undefined);
    if (token instanceof TokenError) throw token;
    return token;
  }
  if (ofClient === undefined) return undefined;
  const token = await verifier.verifyToken(ofClient, undefined, undefined);
  // It is the same in all tasks of the client.
  return token instanceof TokenError ? token : { ...token, isPlain: true };
}

/** A client that asks for its list, and what it is asked for with. */
interface ListingClient {
  readonly client: CallingClient;
  readonly caller: Caller;
  readonly token: TokenProvenance | undefined;
}

type Place = readonly [service: string, operation: string];

const ACCESS: Readonly<Record<Exclude<Outlook, 'never'>, ListedOperation['access']>> = {
  always: 'permitted',
  depends: 'conditional',
  person: 'approval',
};
/** The most time that a list takes before it lets other work run. */
const TURN_MS = 2;

/**
 * Lists the operations that a client could be permitted, in the order of their services and names.
 *
 * @param after the place to start after; it need not exist any more
 */
async function listOperations(
  decider: () => Decider,
  { services, mapper }: ServedServices,
  { client, caller, token }: ListingClient,
  {
    only,
    limit,
    after,
  }: { readonly only: string | undefined; readonly limit: number; readonly after: Place | undefined },
): ReturnType<OperationList['list']> {
  const found: ListedOperation[] = [];
  let turn = performance.now();
  for (const [service, operation] of placesIn(services, only, after)) {
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
    const actions = mapper.listed({ service, operation, pathParams: {} });
    const upstream = { server: service.name, tool: operation.name };
    const asked = { actions, upstream, input: inputOf(operation) };
    const outlook = decider().foresee(asked, requestBy(client), caller, token);
    if (outlook === 'never') continue;
    if (found.length === limit) return { operations: found, hasMore: true };
    found.push({
      service: service.name,
      operation: operation.name,
      method: operation.method,
      path: operation.template.text,
      ...(operation.summary === undefined ? {} : { summary: operation.summary }),
      ...(actions === undefined ? {} : { actions: [...new Set(actions.map(({ action }) => action))] }),
      access: ACCESS[outlook],
    });
  }
  return { operations: found, hasMore: false };
}

function placesIn(
  services: readonly Service[],
  only: string | undefined,
  after: Place | undefined,
): (readonly [Service, Operation])[] {
  return services
    .filter(({ name }) => only === undefined || name === only)
    .flatMap((service) => service.operations.map((operation) => [service, operation] as const))
    .filter(([service, { name }]) => after === undefined || compare([service.name, name], after) > 0)
    .sort(([a, one], [b, other]) => compare([a.name, one.name], [b.name, other.name]));
}

function compare([service, name]: Place, [otherService, otherName]: Place): number {
  if (service !== otherService) return service < otherService ? -1 : 1;
  return name === otherName ? 0 : name < otherName ? -1 : 1;
}

/** Returns the parts of `context.input` that requests of an operation have (docs/coaz-http.md, "Information model"). */
function inputOf({ path, query, headers, body }: Operation): InputParts {
  const kinds = [...body.kinds.values()];
  const has = (kind: 'json' | 'opaque') =>
    body.isRequired && kinds.every((one) => one === kind) ? 'always' : 'sometimes';
  return new Map([
    ...(
      [
        ['path_params', path],
        ['query', query],
        ['headers', headers],
      ] as const
    ).flatMap(([name, parameters]) => (parameters.size === 0 ? [] : [[name, 'always'] as const])),
    ...(kinds.includes('json') ? [['body', has('json')] as const] : []),
    ...(kinds.includes('opaque') ? [['opaque', has('opaque')] as const] : []),
  ]);
}
