import { expressionsOf } from '../../ledger/accumulators/accumulator.js';
import type { AccumulatorDeclaration, SchemaType } from '../../ledger/accumulators/kind.js';
import { kindOf } from '../../ledger/accumulators/kinds.js';
import type { Bundle } from '../bundle.js';
import type { Finding } from './finding.js';

/** What the schema says of `context.ledger`, and what `ledger.yaml` gives. */
export function checkLedger({ accumulators, schema, sources }: Bundle): Finding[] {
  const findings: Finding[] = [];
  const find = (severity: Finding['severity'], file: string, message: string, help: string): void => {
    findings.push({ severity, file, line: 1, column: 1, message, help });
  };
  const inputs = new Set<string>();
  const mistaken = new Map<string, { action: string; required: boolean }[]>();
  for (const { uid, context } of schema.actions) {
    const input = context.attributes.get('input')?.type;
    if (input?.kind === 'record') for (const name of input.attributes.keys()) inputs.add(name);
    const ledger = context.attributes.get('ledger')?.type;
    if (ledger?.kind !== 'record') continue;
    for (const [name, { type, required }] of ledger.attributes) {
      const declared = Object.hasOwn(accumulators, name) ? accumulators[name] : undefined;
      const isThat = declared !== undefined && typeOf(name, declared).is(type);
      if (!isThat) mistaken.set(name, [...(mistaken.get(name) ?? []), { action: uid.id, required }]);
    }
  }
  for (const [name, uses] of mistaken) {
    const [first] = uses;
    const others = uses.length === 1 ? '' : ` and ${uses.length - 1} more`;
    const where = `the context of ${first?.action}${others} has ledger.${name}`;
    const declared = Object.hasOwn(accumulators, name) ? accumulators[name] : undefined;
    if (declared === undefined) {
      const isError = uses.some(({ required }) => required);
      const message = `${where}, and ledger.yaml has no such accumulator`;
      find(isError ? 'error' : 'warning', 'schema.cedarschema', message, 'declare it, or take it out');
    } else {
      const message = `${where} as another type than the accumulator is`;
      find('error', 'schema.cedarschema', message, `it is ${typeOf(name, declared).name}`);
    }
  }
  const actions = new Set([...schema.actions].map(({ uid }) => uid.id));
  const policies = sources.map(({ source }) => source).join('\n');
  for (const [name, declared] of Object.entries(accumulators)) {
    if (!policies.includes(`ledger.${name}`))
      find('warning', 'ledger.yaml', `no policy reads the accumulator ${name}`, 'remove it, or use context.ledger');
    const { on = '' } = declared;
    for (const [, action = ''] of on.matchAll(/\baction\s*==\s*["']([^"']+)["']/g)) {
      if (!actions.has(action))
        find(
          'warning',
          'ledger.yaml',
          `${name}: \`on\` names ${action}, which is not an action of the schema`,
          'it can never match',
        );
    }
    const text = [...expressionsOf(name, declared).map((part) => part.text), on].join(' ');
    for (const [, argument = ''] of text.matchAll(/\binput\.([A-Za-z_]\w*)/g)) {
      if (!inputs.has(argument))
        find('warning', 'ledger.yaml', `${name}: no action has an argument ${argument}`, 'it can never be counted');
    }
  }
  return findings;
}

function typeOf(name: string, declared: AccumulatorDeclaration): SchemaType {
  return kindOf(name, declared).schemaType(declared);
}
