import { reportFailure } from './failure.js';
import { loadVerbs } from './load-verbs.js';
import { Verb } from './verb.js';

/** Runs `writ` with these arguments; the exit code is that of the process. @throws the error of a fault of Writ */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = new Verb('writ').description(
    'Decides, before it happens, whether an action by a non-human identity may happen.',
  );
  for (const verb of await loadVerbs(args[0])) program.addCommand(verb);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}
