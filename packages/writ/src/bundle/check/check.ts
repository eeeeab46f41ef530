import { positionAt } from '@writ/cedar';
import type { Bundle, ReadBundle } from '../bundle.js';
import { BundleError } from '../errors.js';
import { checkAccess } from './access.js';
import { checkFacts } from './facts.js';
import type { Finding } from './finding.js';
import { checkLedger } from './ledger.js';
import { checkSignals } from './signals.js';
import { checkTools } from './tools.js';
import { checkTypes } from './types.js';

/** A bundle that may be served: it loads, and its types are right. @throws {BundleError} with every error that was found */
export function verifiedBundle({ bundle, findings }: ReadBundle): Bundle {
  const errors = (bundle === undefined ? findings : checkBundle(bundle)).filter(({ severity }) => severity === 'error');
  if (bundle === undefined || errors.length > 0) throw new BundleError(errors);
  return bundle;
}

/** Everything that can be said of a bundle that loads: types, and what can never work. */
export function checkBundle(bundle: Bundle): Finding[] {
  return [
    ...checkTypes(bundle),
    ...checkAnnotations(bundle),
    ...checkNames(bundle),
    ...checkTasks(bundle),
    ...checkLedger(bundle),
    ...checkTools(bundle),
    ...checkFacts(bundle),
    ...checkSignals(bundle),
    ...checkAccess(bundle),
  ];
}

/** Finds annotations that change a result, on policies where they have no effect. */
function checkAnnotations(bundle: Bundle): Finding[] {
  const findings: Finding[] = [];
  const used = new Set<string>();
  for (const source of bundle.sources) {
    const policy = bundle.policies.policies.get(source.id);
    if (policy === undefined) continue;
    const { effect, annotations } = policy;
    const error = (message: string, help: string): void => {
      const text = bundle.texts.get(source.file) ?? '';
      const { line, column } = positionAt(text, source.offset);
      findings.push({
        severity: 'error',
        file: source.file,
        line,
        column,
        message: `policy ${source.id}: ${message}`,
        help,
      });
    };
    for (const name of (annotations.obligation ?? '').split(/\s+/).filter((part) => part !== '')) {
      used.add(name);
      if (!Object.hasOwn(bundle.obligations, name))
        error(
          `the obligation ${name} is not declared`,
          'declare it in obligations.yaml; every decision with it would be a denial',
        );
    }
    if (effect === 'forbid' && annotations.obligation !== undefined)
      error('@obligation stands on a forbid', 'it is for what a permit asks; put it on the permit');
    if (effect === 'forbid' && annotations.highRisk !== undefined)
      error(
        '@highRisk stands on a forbid',
        'it is for what may not be permitted on old revocations; put it on the permit',
      );
    for (const name of ['stepUp', 'requestable']) {
      if (effect === 'permit' && annotations[name] !== undefined)
        error(`@${name} stands on a permit`, 'it says how a forbid can be lifted; put it on the forbid');
    }
    if (annotations.stepUp === '') error('@stepUp names no acr value', 'as in @stepUp("urn:example:loa:3")');
  }
  for (const name of Object.keys(bundle.obligations)) {
    if (used.has(name)) continue;
    const message = `no policy asks for the obligation ${name}`;
    findings.push({
      severity: 'warning',
      file: 'obligations.yaml',
      line: 1,
      column: 1,
      message,
      help: 'remove it, or use @obligation',
    });
  }
  return findings;
}

/** Kinds of task that could never be started, or never do anything. */
function checkTasks({ tasks, schema }: Bundle): Finding[] {
  if (tasks === undefined) return [];
  const findings: Finding[] = [];
  const find = (severity: Finding['severity'], message: string, help: string): void => {
    findings.push({ severity, file: 'tasks.yaml', line: 1, column: 1, message, help });
  };
  const actions = new Set([...schema.actions].map(({ uid }) => uid.id));
  const others = Object.keys(tasks.tasks).filter((name) => name !== tasks.default);
  if (others.length > 0 && !actions.has('start_task'))
    find(
      'error',
      `the schema has no action start_task, so no task of the kind ${others[0]} can be started`,
      'declare it for the resource Task, and say in a policy who may start which kind',
    );
  for (const [name, { mandate }] of Object.entries(tasks.tasks)) {
    if (mandate === 'any') continue;
    for (const action of mandate.flatMap((grant) => grant.actions ?? [])) {
      if (!actions.has(action))
        find('warning', `${name}: ${action} is not an action of the schema`, 'the mandate names it for nothing');
    }
  }
  return findings;
}

/** Names in one file that should be in another. */
function checkNames(bundle: Bundle): Finding[] {
  const findings: Finding[] = [];
  const warn = (file: string, message: string, help: string): void => {
    findings.push({ severity: 'warning', file, line: 1, column: 1, message, help });
  };
  for (const mapping of bundle.mappings) {
    if (bundle.settings.gateway.servers[mapping.server] === undefined) {
      warn(
        'mappings',
        `the mapping names the server ${mapping.server}, which writ.yaml does not have`,
        'it is never used',
      );
    }
  }
  return findings;
}
