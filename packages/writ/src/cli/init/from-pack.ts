import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InitError, UsageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { count, print, printJson } from '../output.js';
import { WHOLE_PACKS, wholePack } from '../packs.js';
import { bundleName, writeFiles, writeSchemas } from './written.js';

/** `writ init --pack`: begins a bundle with a whole pack. */
export function initFromPack(folder: string, root: string, name: string, isJson: boolean): ExitCode {
  const pack = WHOLE_PACKS.find((one) => one === name);
  if (pack === undefined)
    throw new UsageError(`there is no pack ${name}`, `the packs are ${WHOLE_PACKS.join(' and ')}`);
  if (existsSync(join(root, 'writ.yaml')))
    throw new InitError(`${folder} is a bundle already`, 'choose another folder, or copy rules from the pack by hand');
  const files = new Map(wholePack(pack));
  const settings = (files.get('writ.yaml') ?? '').replace(/^name: .*$/m, `name: ${bundleName(root)}`);
  files.set('writ.yaml', settings);
  writeSchemas(root);
  writeFiles(root, files);
  if (isJson) {
    printJson({ folder: root, pack, files: [...files.keys()] });
    return EXIT.ok;
  }
  print(`${count(files.size, 'file')} of the pack ${pack} written into ${folder}.`);
  print(`next  read policies/ and tools.yaml, then writ check ${folder} && writ test ${folder}`);
  return EXIT.ok;
}
