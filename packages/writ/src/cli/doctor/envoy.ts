import { statSync } from 'node:fs';
import { checkSettings, type EnvoyFinding } from '@writ/enforce/envoy/settings';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import { readTextFile } from '../../lib/text-file.js';
import { UsageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { count, findingBlock, print, printJson } from '../output.js';

const MAX_BYTES = 4 * 2 ** 20;

/** `writ doctor --envoy`: finds what opens in a configuration of Envoy, with its places. */
export function envoyDoctor(file: string, isJson: boolean): ExitCode {
  const text = readBounded(file);
  const findings: readonly EnvoyFinding[] = checkSettings(file, text);
  const wrong = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - wrong;
  if (isJson) printJson({ ok: wrong === 0, wrong, warnings, findings });
  else {
    for (const finding of findings) print(`${findingBlock(finding, new Map([[file, text]]))}\n`);
    const verdict = wrong === 0 ? pc.green('ok') : pc.red('not ok');
    print(`${verdict}  ${file}: ${count(wrong, 'thing')} to mend, ${count(warnings, 'warning')}`);
  }
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** @throws {UsageError} if it is no file, cannot be read, or is larger than a configuration is */
function readBounded(file: string): string {
  const help = 'name a file with the configuration of Envoy, as YAML or JSON';
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return readTextFile(file);
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${messageOf(cause)}`, help, { cause });
  }
}
