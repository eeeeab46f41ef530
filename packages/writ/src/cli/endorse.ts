import { askService, type ServiceFlags } from './ask-service.js';
import { EXIT, type ExitCode } from './exit.js';
import { print } from './output.js';

export type EndorseFlags = ServiceFlags & { readonly reason: string };

/** `writ decision endorse`: confirms that the values of a stopped call are right, for the rest of its task. */
export async function endorse(decisionId: string, flags: EndorseFlags): Promise<ExitCode> {
  await askService(flags, 'POST', '/v1/endorsements', { decisionId, reason: flags.reason });
  print('endorsed: for the rest of the task its values count as the user\u2019s own; the call can be made again');
  return EXIT.ok;
}
