import { AsyncLocalStorage } from 'node:async_hooks';
import { stripVTControlCharacters } from 'node:util';
import { runCommand } from '../src/cli/run-command.js';

/** The output of the work that is under way. */
const printing = new AsyncLocalStorage<{ out: string }>();

for (const stream of [process.stdout, process.stderr]) {
  const { write } = stream;
  stream.write = ((chunk: string, ...rest: never[]) => {
    const here = printing.getStore();
    if (here === undefined) return write.call(stream, chunk, ...rest);
    here.out += String(chunk);
    return true;
  }) as typeof write;
}

/** Runs the work of a command in this process: to load it takes a second of a processor. `out` is both of what it printed, without colours. */
export async function printed<Code>(work: () => Code | Promise<Code>): Promise<{ code: Code; out: string }> {
  const here = { out: '' };
  const code = await printing.run(here, work);
  return { code, out: stripVTControlCharacters(here.out) };
}

/** Runs `writ` in this process; several may run at once. */
export function commandHere(...args: readonly string[]): Promise<{ code: number; out: string }> {
  return printed(async () => {
    const mask = process.umask();
    await runCommand(args);
    // Some commands make their process private.
    process.umask(mask);
    const code = Number(process.exitCode ?? 0);
    process.exitCode = undefined;
    return code;
  });
}
