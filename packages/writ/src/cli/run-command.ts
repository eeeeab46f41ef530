import { readFileSync } from 'node:fs';
import { EXIT } from './exit.js';
import { reportFailure } from './failure.js';
import { loadVerbs, verbNames } from './load-verbs.js';
import { currentForm } from './old-names.js';
import { printError, printNote } from './output.js';
import { Verb } from './verb.js';

/** Runs `writ` with these arguments; the exit code is that of the process. @throws the error of a fault of Writ */
export async function runCommand(given: readonly string[]): Promise<void> {
  const asked = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const { args, renamed } = currentForm(asked, verbNames(asked[0]));
  if (renamed !== undefined)
    printNote(`\`writ ${renamed.from}\` is now \`writ ${renamed.to}\`; the old name works for one more release`);
  const elsewhere = verbsNamed(args[0]);
  if (elsewhere.length > 0) {
    printError(`unknown command '${args[0]}'`, `did you mean ${elsewhere.join(' or ')}?`);
    process.exitCode = EXIT.usage;
    return;
  }
  const program = new Verb('writ')
    .description('Decides, before it happens, whether an action by a non-human identity may happen.')
    .version(versionOfWrit(), '-V, --version', 'print the version')
    .addHelpText('after', '\nwrit COMMAND --help lists the verbs and the options of a command.');
  for (const verb of await loadVerbs(args)) program.addCommand(verb);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** Returns the verbs of this name below nouns, if none has it at the top level. */
function verbsNamed(name: string | undefined): string[] {
  const top = verbNames();
  if (name === undefined || top.includes(name)) return [];
  return top.filter((noun) => verbNames(noun).includes(name)).map((noun) => `writ ${noun} ${name}`);
}

function versionOfWrit(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
