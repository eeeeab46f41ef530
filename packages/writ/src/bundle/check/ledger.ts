import type { CedarType } from '@writ/cedar';
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
      const isThat = declared !== undefined && isTypeOf(declared, type);
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
      find('error', 'schema.cedarschema', message, `it is ${typeNameOf(declared)}`);
    }
  }
  const actions = new Set([...schema.actions].map(({ uid }) => uid.id));
  const policies = sources.map(({ source }) => source).join('\n');
  for (const [name, { key, set, distinct, sum, on = '' }] of Object.entries(accumulators)) {
    if (!policies.includes(`ledger.${name}`))
      find('warning', 'ledger.yaml', `no policy reads the accumulator ${name}`, 'remove it, or use context.ledger');
    for (const [, action = ''] of on.matchAll(/\baction\s*==\s*["']([^"']+)["']/g)) {
      if (!actions.has(action))
        find(
          'warning',
          'ledger.yaml',
          `${name}: \`on\` names ${action}, which is not an action of the schema`,
          'it can never match',
        );
    }
    const text = [key, set, distinct, sum, on].join(' ');
    for (const [, argument = ''] of text.matchAll(/\binput\.([A-Za-z_]\w*)/g)) {
      if (!inputs.has(argument))
        find('warning', 'ledger.yaml', `${name}: no action has an argument ${argument}`, 'it can never be counted');
    }
  }
  return findings;
}

type Declared = Bundle['accumulators'][string];

function typeNameOf({ set, decimal }: Declared): string {
  return set !== undefined ? 'Set<String>' : decimal === true ? 'decimal' : 'Long';
}

function isTypeOf(declared: Declared, type: CedarType): boolean {
  switch (typeNameOf(declared)) {
    case 'Set<String>':
      return type.kind === 'set' && type.element.kind === 'string';
    case 'decimal':
      return type.kind === 'extension' && type.name === 'decimal';
    default:
      return type.kind === 'long';
  }
}
