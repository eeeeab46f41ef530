import type { ActionDeclaration, CedarType } from '@writ/cedar';
import type { Bundle } from '../bundle.js';

type HasSchema = Pick<Bundle, 'schema'>;

/** Returns an action of the schema that a request can name by its id; undefined if it is not found. */
export function actionOf({ schema }: HasSchema, id: string): ActionDeclaration | undefined {
  return schema.action({ type: 'Action', id });
}

/** Returns whether the schema has an action of this id. */
export function hasAction({ schema }: HasSchema, id: string): boolean {
  return [...schema.actions].some(({ uid }) => uid.id === id);
}

/** The attributes of a record in the context of an action; undefined if the context has no such record. */
export function contextRecord(
  { context }: ActionDeclaration,
  name: string,
): Extract<CedarType, { kind: 'record' }>['attributes'] | undefined {
  const type = context.attributes.get(name)?.type;
  return type?.kind === 'record' ? type.attributes : undefined;
}

/** Returns whether entities of a type have an attribute. */
export function hasAttribute({ schema }: HasSchema, type: string, attribute: string): boolean {
  return schema.entityTypes.get(type)?.attributes.attributes.has(attribute) === true;
}
