import { type EntityUid, parseUid, uidText } from '@writ/cedar/uid';
import type { CallingClient } from '@writ/enforce';
import { UsageError } from '../errors.js';

/**
 * Returns the client that all requests of a workload are of; undefined if each brings a credential.
 *
 * @throws {UsageError} if an identity cannot be read
 */
export function fixedClient({
  for: person,
  agent,
}: {
  readonly for?: string;
  readonly agent?: string;
}): CallingClient | undefined {
  if (person === undefined && agent === undefined) return undefined;
  const originator = parseUid(person ?? '');
  const actor = agent === undefined ? undefined : parseUid(agent);
  if (originator === undefined || (agent !== undefined && actor === undefined))
    throw new UsageError(
      '--for or --agent is not an identity',
      'write it as Type::"id": --for \'User::"ana"\' --agent \'Agent::"support-bot"\'',
    );
  return { originator: originator as EntityUid, agent: actor, task: uidText((actor ?? originator) as EntityUid) };
}
