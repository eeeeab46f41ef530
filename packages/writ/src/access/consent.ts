import { uidText } from '@writ/cedar';
import type { AccessTask, ApprovalScope } from './access-task.js';
import type { Voting } from './submission.js';

/**
 * Returns why somebody may not give, or refuse, the consent that a request asks for, whatever the policies say; undefined if they may.
 * The consent is of the originator, by a proof that the agents between do not have, and for exactly one call.
 *
 * @param isPerson whether an identity is a person of the registry
 */
export function consentConflict(
  { path, enforcementPoint, credentials = [] }: AccessTask,
  { approver, via, vouchedBy, credential }: Voting,
  { uses, anyArguments, until }: ApprovalScope,
  isPerson: (uid: string) => boolean,
): string | undefined {
  const name = uidText(approver);
  const [originator, ...others] = path.map(uidText);
  if (name !== originator || others.includes(name)) return 'only who it is done for can consent';
  if (!isPerson(name)) return 'only a person of the registry can consent';
  if (uses !== 'once' || anyArguments === true || until !== undefined)
    return 'a consent is for exactly this call, once';
  // The answer would be that of the program that asks.
  if (vouchedBy === enforcementPoint) return 'who asks cannot vouch for the consent';
  // An agent that reads the mailbox has the link too.
  if (via !== 'api') return 'a consent is not given by a link';
  if (vouchedBy !== undefined) return undefined;
  if (credential === undefined) return 'the token has no id (jti), so it may be the one that the agents have';
  return credentials.includes(credential) ? 'the task was started with this token, so the agents have it' : undefined;
}
