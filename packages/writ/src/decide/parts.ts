import type { ActionDeclaration, CedarJsonObject, Entity } from '@writ/cedar';
import { refuse, type Verdict } from '@writ/sdk/authzen';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { DecidedPart } from './evaluate.js';
import type { EntityGatherer } from './gather.js';
import { misfit } from './misfit.js';
import type { RecordDraft } from './record-draft.js';

/** The most tables of a statement that are decided on. */
const MAX_PARTS = 32;

/** A thing that an action is also done to, and how: `read` or `write`. */
type Part = ToolDescription['tables'][number];

interface PartEntity {
  readonly access: string;
  readonly resource: Entity;
}

const NO_PARTS: readonly Part[] = [];
const NO_ENTITIES: readonly PartEntity[] = [];

/** Returns the tables of the statements of a call, where each is to be decided on: none of a call that is not understood. */
export function partsOf({ program, tables }: ToolDescription): readonly Part[] {
  return program?.understood === true ? tables : NO_PARTS;
}

/** Returns the same where they are few enough to be decided on. */
export function decidablePartsOf(tool: ToolDescription): readonly Part[] {
  const parts = partsOf(tool);
  return parts.length > MAX_PARTS ? NO_PARTS : parts;
}

/** Returns the entities of parts, and notes their facts in the record. */
export function gatheredParts(
  parts: readonly Part[],
  gathererOf: () => EntityGatherer,
  draft: RecordDraft,
): readonly PartEntity[] {
  // hot: most calls have no table.
  if (parts.length === 0) return NO_ENTITIES;
  const gatherer = gathererOf();
  const entities = parts.map(({ uid, access }) => ({ access, resource: gatherer.resource(uid) }));
  draft.parts = gatherer.facts.map((fact, i) => ({ access: (parts[i] as Part).access, fact }));
  return entities;
}

/** Returns why the tables of a call cannot be decided on; undefined if they can be, or need not be. */
export function partsRefused(
  { programs, program }: ToolDescription,
  parts: readonly Part[],
  { uid: { id }, resourceTypes }: ActionDeclaration,
): Verdict | undefined {
  if (programs.every(({ tables }) => tables === undefined)) return undefined;
  if (program?.understood === false)
    return refuse('program_not_understood', `the tables of the statement are not known: ${program.why}`);
  if (parts.length > MAX_PARTS)
    return refuse(
      'program_not_understood',
      `the statement has ${parts.length} tables, and ${MAX_PARTS} are decided on`,
    );
  const other = parts.find(({ uid: { type } }) => !resourceTypes.has(type));
  if (other !== undefined)
    return misfit(`the schema does not let ${id} be done to a ${other.uid.type}, as tools.yaml says of its tables`);
  return undefined;
}

/** Returns the parts with the context that policies see for each: `context.program.access` says how it is used. */
export function decidedParts(
  parts: readonly PartEntity[],
  { context: { attributes } }: ActionDeclaration,
  context: CedarJsonObject,
): readonly DecidedPart[] {
  const program = attributes.get('program')?.type;
  const isRead = program?.kind === 'record' && program.attributes.has('access');
  return parts.map(({ resource, access }) => ({
    resource,
    context: isRead ? { ...context, program: { ...(context.program as CedarJsonObject), access } } : context,
  }));
}
