import { userInfo } from 'node:os';
import type { DeployedClient, Deployment } from '../../bundle/draft/deployment.js';
import { draftBundle } from '../../bundle/draft/draft.js';
import type { ListedTool } from '../../bundle/draft/listed-tool.js';
import { ownerOf } from '../init-people.js';
import { askingOriginators, withPack } from '../packs.js';

/** Returns whom the clients of this machine work for: its user, and who answers for them if somebody is named. */
export function personHere(owner: string | undefined): Omit<DeployedClient, 'agent'> {
  const person = { type: 'User', id: userInfo().username };
  return { for: person, owner: ownerOf(owner, person) };
}

/** Returns the clients of a bundle: each that has one of the servers; one for whatever client if none has. */
export function clientsOf(
  names: readonly string[],
  person: Omit<DeployedClient, 'agent'>,
): ReadonlyMap<string, DeployedClient> {
  const all = names.length === 0 ? ['agent'] : [...new Set(names)];
  return new Map(all.map((name) => [name, { agent: { type: 'Agent', id: name }, ...person }]));
}

/** Returns the files of a bundle for servers and clients. Where nobody else answers for the agents, their person confirms what is stopped. */
export function draftedFiles(
  name: string,
  tools: readonly ListedTool[],
  deployment: Deployment,
): ReadonlyMap<string, string> {
  const files = withPack(draftBundle(name, tools, [], undefined, deployment).files, 'guarded-client', false);
  const isOwned = [...deployment.clients.values()].every(({ owner }) => owner !== undefined);
  return isOwned ? files : askingOriginators(files);
}
