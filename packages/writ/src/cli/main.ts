import { CommanderError } from 'commander';
import pc from 'picocolors';
import { WritError } from '../lib/errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { loadVerbs } from './load-verbs.js';
import { complain } from './output.js';
import { Verb } from './verb.js';

// The service keeps running when the reader of its output is gone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Verb('writ').description(
  'Decides, before it happens, whether an action by a non-human identity may happen.',
);
for (const verb of await loadVerbs(process.argv[2])) program.addCommand(verb);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failure(error);
}

/** By its name: to load its class would load the engine, for every verb. */
function isCedarError(error: unknown): error is Error & { readonly help?: string } {
  return error instanceof Error && error.name === 'CedarError';
}

function failure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
  if (error instanceof WritError || isCedarError(error)) {
    complain(`${pc.red('error')} ${error.message}${error.help === undefined ? '' : `\n      ${error.help}`}`);
    return error instanceof WritError && error.code === 'bundle_invalid' ? EXIT.notSo : EXIT.wrongUse;
  }
  if (error instanceof Error && 'code' in error) {
    const code = String(error.code);
    complain(
      `${pc.red('error')} ${error.message}${code === 'EADDRINUSE' ? '\n      choose another port with --port or --gateway-port' : ''}`,
    );
    return EXIT.wrongUse;
  }
  throw error;
}
