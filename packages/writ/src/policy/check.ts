import type { Bundle } from './bundle.js';
import { checkTypes } from './check-types.js';
import type { Finding } from './finding.js';

/** Everything that can be said of a bundle that loads: types, and what can never work. */
export function checkBundle(bundle: Bundle): Finding[] {
  return [...checkTypes(bundle), ...checkNames(bundle)];
}

/** Names in one file that should be in another. */
function checkNames(bundle: Bundle): Finding[] {
  const actions = new Set(
    [...bundle.schema.actions].filter(({ uid }) => uid.type === 'Action').map(({ uid }) => uid.id),
  );
  const findings: Finding[] = [];
  const warn = (file: string, message: string, help: string): void => {
    findings.push({ severity: 'warning', file, line: 1, column: 1, message, help });
  };
  for (const tool of Object.keys(bundle.tools)) {
    if (!actions.has(tool)) warn('tools.yaml', `${tool} is not an action of the schema`, 'every call of it is denied');
  }
  for (const mapping of bundle.mappings) {
    if (bundle.settings.gateway.servers[mapping.server] === undefined) {
      warn(
        'mappings',
        `the mapping names the server ${mapping.server}, which writ.yaml does not have`,
        'it is never used',
      );
    }
  }
  const text = bundle.sources.map(({ source }) => source).join('\n');
  for (const name of Object.keys(bundle.accumulators)) {
    if (!text.includes(`ledger.${name}`))
      warn('ledger.yaml', `no policy reads the accumulator ${name}`, 'remove it, or use context.ledger');
  }
  return findings;
}
