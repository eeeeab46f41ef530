import { CommanderError } from 'commander';
import { loadVerbs, verbNames } from '../../src/cli/load-verbs.js';
import { currentForm } from '../../src/cli/old-names.js';
import { Verb } from '../../src/cli/verb.js';
import { printed } from '../printed.js';

/** Findings that a command in a sentence may have: it is named, and not written out. */
const INCOMPLETE = [
  ...['commander.missingArgument', 'commander.missingMandatoryOptionValue', 'commander.optionMissingArgument'],
  'commander.help',
];

class Reached extends Error {}

/**
 * Parses a command line of `writ` by the definitions of its verbs, and runs nothing.
 *
 * @param words the words after `writ`
 * @param whole true if everything that the verb needs must be there
 * @returns what is wrong with it; undefined if it is as the verb wants it
 */
export async function faultOf(words: readonly string[], whole: boolean): Promise<string | undefined> {
  const { args, renamed } = currentForm(words, verbNames(words[0]));
  if (renamed !== undefined) return `writ ${renamed.from} is an old name; it is writ ${renamed.to}`;
  const program = new Verb('writ').version('0').hook('preAction', (_program, called) => {
    // Its own hook would come after this one.
    (called as unknown as { checkNeeded(): void }).checkNeeded();
    throw new Reached();
  });
  for (const verb of await loadVerbs(args)) program.addCommand(verb);
  let fault: string | undefined;
  await printed(async () => {
    try {
      await program.parseAsync(args, { from: 'user' });
      fault = 'nothing would run';
    } catch (error) {
      fault = faultIn(error, whole);
    }
  });
  return fault;
}

function faultIn(error: unknown, whole: boolean): string | undefined {
  if (error instanceof Reached) return undefined;
  if (!(error instanceof CommanderError)) throw error;
  if (['commander.helpDisplayed', 'commander.version'].includes(error.code)) return undefined;
  if (!whole && INCOMPLETE.includes(error.code)) return undefined;
  return error.message;
}
