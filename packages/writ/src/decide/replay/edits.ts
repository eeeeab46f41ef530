import { type EntityUid, sameUid, uidText } from '@writ/cedar';
import type { DecisionRecord, FactRecord } from '../record.js';

/** One change to a record. */
export type Edit =
  /** An attribute of an entity; undefined: it is absent. */
  | {
      readonly kind: 'fact';
      readonly entity: EntityUid;
      readonly path: readonly string[];
      readonly from: unknown;
      readonly to: unknown;
    }
  /** Whether an entity is in another: by a grant, or by the registry. */
  | { readonly kind: 'membership'; readonly entity: EntityUid; readonly in: EntityUid; readonly is: boolean }
  /** The value of an accumulator. */
  | { readonly kind: 'ledger'; readonly accumulator: string; readonly from: unknown; readonly to: unknown }
  /** An argument of the operation. */
  | { readonly kind: 'input'; readonly path: readonly string[]; readonly from: unknown; readonly to: unknown };

/** Returns the record with edits made. */
export function edited(record: DecisionRecord, edits: readonly Edit[]): DecisionRecord {
  return edits.reduce(withEdit, record);
}

function withEdit(record: DecisionRecord, edit: Edit): DecisionRecord {
  switch (edit.kind) {
    case 'fact':
      return withFact(record, edit.entity, (fact) => ({
        ...fact,
        attributes: setAt(fact.attributes, edit.path, edit.to) as FactRecord['attributes'],
        ...(fact.withheld === undefined ? {} : { withheld: fact.withheld.filter((name) => name !== edit.path[0]) }),
        ...(fact.asserted === undefined ? {} : { asserted: fact.asserted.filter((name) => name !== edit.path[0]) }),
      }));
    case 'membership':
      return withFact(record, edit.entity, (fact) => ({
        ...fact,
        ancestors: edit.is ? [...fact.ancestors, edit.in] : fact.ancestors.filter((one) => !sameUid(one, edit.in)),
        ...(fact.granted === undefined
          ? {}
          : { granted: fact.granted.filter((one) => edit.is || !sameUid(one.in, edit.in)) }),
      }));
    case 'ledger':
      return { ...record, ledger: { ...record.ledger, [edit.accumulator]: edit.to as number } };
    case 'input': {
      const context = {
        ...record.request.context,
        input: setAt(record.request.context?.input ?? {}, edit.path, edit.to),
      };
      return { ...record, request: { ...record.request, context } };
    }
  }
}

function withFact(record: DecisionRecord, uid: EntityUid, change: (fact: FactRecord) => FactRecord): DecisionRecord {
  const changed = (fact: FactRecord): FactRecord => (sameUid(fact.uid, uid) ? change(fact) : fact);
  const { facts, parts } = record;
  return {
    ...record,
    facts: facts.map(changed),
    ...(parts && { parts: parts.map(({ access, fact }) => ({ access, fact: changed(fact) })) }),
  };
}

function setAt(value: unknown, path: readonly string[], to: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return to;
  const record = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (rest.length === 0 && to === undefined) {
    const { [name]: _gone, ...others } = record;
    return others;
  }
  return { ...record, [name]: setAt(record[name], rest, to) };
}

/** Returns the text of an edit, for a person. */
export function editText(edit: Edit): string {
  switch (edit.kind) {
    case 'fact': {
      const name = `${uidText(edit.entity)}.${edit.path.join('.')}`;
      if (edit.to === undefined) return `${name} not known`;
      return `${name} = ${shown(edit.to)}${edit.from === undefined ? ', which nobody says' : ` instead of ${shown(edit.from)}`}`;
    }
    case 'membership':
      return `${uidText(edit.entity)} ${edit.is ? 'in' : 'not in'} ${uidText(edit.in)}`;
    case 'ledger':
      return `so far, ${edit.accumulator} ${shown(edit.to)} instead of ${shown(edit.from)}`;
    case 'input':
      return `the argument ${edit.path.join('.')} ${edit.to === undefined ? 'left out' : shown(edit.to)}${edit.from === undefined ? '' : ` instead of ${shown(edit.from)}`}`;
  }
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  const { __entity: uid, __extn: extension } = value as { __entity?: EntityUid; __extn?: { arg: string } };
  if (uid !== undefined) return uidText(uid);
  if (extension !== undefined) return extension.arg;
  return Array.isArray(value) ? (value.length === 0 ? 'nothing' : value.map(shown).join(', ')) : JSON.stringify(value);
}
