import { type CedarType, typeText } from '@writ/cedar';
import { noReads } from '../../provided/context-reads.js';
import { providedAttribute, type TypeJson } from '../../provided/provided-context.js';
import type { Rule } from '../rule.js';

/** Those whose members have rules of their own, or types of the bundle. */
const UNCHECKED: ReadonlySet<string> = new Set(['ledger', 'action']);
const ENTITIES: ReadonlySet<string> = new Set(['provenance.originator', 'provenance.actors']);

/** A part of the context that Writ provides, declared with another type than it has: each request of the action would be denied. */
export const providedType: Rule = {
  code: 'schema/provided-type',
  check({ schema, tasks, ledger, tools }, find) {
    const found = new Map<string, { readonly actions: string[]; readonly why: string }>();
    const note = (action: string, at: string, why: string): void => {
      const known = found.get(at) ?? { actions: [], why };
      known.actions.push(action);
      found.set(at, known);
    };
    for (const { uid, context } of schema.actions) {
      if (uid.type !== 'Action') continue;
      for (const [name, { type }] of context.attributes) {
        if (UNCHECKED.has(name)) continue;
        const members = type.kind === 'record' ? [...type.attributes.keys()] : [];
        const reads = { of: new Map(members.map((one) => [one, { ...noReads(), isWhole: true }])), isWhole: true };
        const provided = providedAttribute(name, uid.id, reads, { ledger, tools, hasTasks: tasks !== undefined });
        if (provided !== undefined) compare(type, provided, name, (at, why) => note(uid.id, at, why));
      }
    }
    for (const [at, { actions, why }] of found) {
      const others = actions.length === 1 ? '' : ` and ${actions.length - 1} more`;
      find
        .in('schema.cedarschema')
        .error(
          `the context of ${actions[0]}${others} has ${at}: ${why}`,
          'declare it as docs/tools.md and docs/tasks.md do',
          ['action', actions[0] ?? '', ...at.split('.')],
        );
    }
  },
};

/** Reports each member that is not what Writ provides; one that Writ does not provide only if the schema requires it. */
function compare(declared: CedarType, provided: TypeJson, at: string, report: (at: string, why: string) => void): void {
  if (provided.type !== 'Record' || declared.kind !== 'record') {
    const expected = textOf(provided);
    const got = declared.kind === 'set' && declared.element.kind === 'record' ? 'a set' : typeText(declared);
    if (got !== expected) report(at, `Writ provides it as ${expected}`);
    return;
  }
  for (const [name, { type, required }] of declared.attributes) {
    const way = `${at}.${name}`;
    if (ENTITIES.has(way)) continue;
    const inner = Object.hasOwn(provided.attributes, name) ? provided.attributes[name] : undefined;
    if (inner !== undefined) compare(type, inner, way, report);
    else if (required) report(way, 'Writ does not provide it, so no request has it');
  }
}

function textOf(type: TypeJson): string {
  if (type.type === 'Record') return 'record';
  return type.type === 'Set' ? `Set<${textOf(type.element)}>` : type.name.replace('__cedar::', '');
}
