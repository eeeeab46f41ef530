import { existsSync, writeFileSync } from 'node:fs';
import pc from 'picocolors';
import { loadBundle } from '../bundle/bundle.js';
import { actionTypes } from '../bundle/draft/action-types.js';
import { readTextFile } from '../lib/text-file.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printData } from './output.js';

export interface TypesFlags {
  readonly out?: string;
  readonly check?: string;
}

/** `writ bundle types`: generates the types of the actions of a bundle for clients in TypeScript. */
export function types(folder: string, { out, check }: TypesFlags): ExitCode {
  const { schema } = loadBundle(folder);
  const text = actionTypes(schema);
  if (out !== undefined) {
    writeFileSync(out, text);
    print(`written to ${out}: ${count([...schema.actions].length, 'action')}`);
  }
  if (check !== undefined) {
    if (existsSync(check) && readTextFile(check) === text) {
      print(`${pc.green('up to date')}  ${check}`);
      return EXIT.ok;
    }
    print(`${pc.red('not up to date')}  ${check}: bring it up to date with --out ${check}`);
    return EXIT.failed;
  }
  if (out === undefined) printData(text.trimEnd());
  return EXIT.ok;
}
