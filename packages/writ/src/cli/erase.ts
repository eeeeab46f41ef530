import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

export interface EraseFlags extends ServiceFlags {
  readonly reason: string;
  readonly json?: boolean;
}

/** `writ log erase`: destroys the key of a person, so that their recorded data becomes unreadable. */
export async function erase(person: string, flags: EraseFlags): Promise<ExitCode> {
  const answer = await askService(flags, 'POST', '/v1/erasures', { person, reason: flags.reason });
  if (flags.json === true) printJson(answer);
  else {
    print(
      `${pc.red('erased')} ${pc.bold(person)}: what is recorded of them can be read no more; every proof still holds`,
    );
    print('Copies of the store have the key until they are deleted. What the registry knows is deleted there.');
  }
  return EXIT.ok;
}
