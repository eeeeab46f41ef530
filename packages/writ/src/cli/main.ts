import { reportFailure } from './failure.js';
import { loadVerbs } from './load-verbs.js';
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
  process.exitCode = reportFailure(error);
}
