import { readFileSync } from 'node:fs';
import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import pc from 'picocolors';
import { readEvaluation } from '../api/read-request.js';
import { explainBriefly } from '../decide/decision.js';
import { loadBundle } from '../policy/bundle.js';
import { deciderOf } from '../start.js';
import { EXIT, type ExitCode } from './exit.js';
import { complain, print, printJson } from './output.js';

/** `writ decide`: decides one AuthZEN request on a bundle, without a service and without a record. */
export async function decide(folder: string, file: string, options: { readonly json?: boolean }): Promise<ExitCode> {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  const read = readRequest(text);
  if ('error' in read) {
    complain(`${file}: ${read.error}`);
    return EXIT.wrongUse;
  }
  const nothing = { decision: async () => undefined, outcome: async () => undefined };
  const decider = deciderOf(loadBundle(folder), nothing, () => new Date());
  const decision = await decider.decide(read.value, { enforcementPoint: 'writ decide' });
  const { result, reasons, refusal, policyVersion } = decision;
  if (options.json === true) printJson({ result, reasons, refusal, policyVersion });
  else print(`${decision.result === 'allow' ? pc.green('allow') : pc.red('deny')}  ${explainBriefly(decision)}`);
  return decision.result === 'allow' ? EXIT.ok : EXIT.notSo;
}

function readRequest(text: string): ReturnType<typeof readEvaluation> {
  try {
    return readEvaluation(parseJson(text, { mode: 'wire' }));
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    return { error: `line ${error.position?.line}, column ${error.position?.column}: ${error.message}` };
  }
}
