import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { explainBriefly, isPermitted } from '@writ/sdk/authzen';
import pc from 'picocolors';
import { readEvaluation } from '../api/authzen/read-request.js';
import { loadBundle } from '../bundle/bundle.js';
import { inProcess } from '../decide/caller.js';
import { offlineDecider } from '../decide/plane-of.js';
import { readTextFile } from '../lib/text-file.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

/** `writ bundle decide`: decides one AuthZEN request on a bundle, without a service and without a record. */
export async function decide(folder: string, file: string, options: { readonly json?: boolean }): Promise<ExitCode> {
  const text = readTextFile(file);
  const read = readRequest(text);
  if ('error' in read) {
    throw new UsageError(`${file}: ${read.error}`);
  }
  const nothing = { append: async () => undefined };
  const decider = offlineDecider(loadBundle(folder), nothing, () => new Date());
  const decision = await decider.decide(read.value, inProcess('writ bundle decide'), undefined);
  const { result, reasons, refusal, obligations, missing, policyVersion } = decision;
  if (options.json === true) printJson({ result, reasons, refusal, obligations, missing, policyVersion });
  else print(`${isPermitted(decision) ? pc.green(result) : pc.red(result)}  ${explainBriefly(decision)}`);
  return isPermitted(decision) ? EXIT.ok : EXIT.failed;
}

function readRequest(text: string): ReturnType<typeof readEvaluation> {
  try {
    return readEvaluation(parseJson(text, { mode: 'wire' }));
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    return { error: `line ${error.position?.line}, column ${error.position?.column}: ${error.message}` };
  }
}
