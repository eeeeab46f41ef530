import { runCommand } from './run-command.js';

// The service keeps running when the reader of its output is gone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

await runCommand(process.argv.slice(2));
