import { CedarError, Entities, type EntityJson, type Schema } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { factsUids } from '../names/entity-uids.js';
import type { Rule } from '../rule.js';
import { valueAt, type YamlPart } from '../yaml-places.js';

/** Checks the entities against the schema, and against each other. */
export const entityTypes: Rule = {
  code: 'entities/types',
  check({ entities, schema, texts }, find) {
    const wrong = errorIn(entities, schema);
    if (wrong === undefined) return;
    // All together are read once; the place of the error is looked for only when there is one.
    const before: EntityJson[] = [];
    for (const [file, text] of texts) {
      if (!file.startsWith('entities/')) continue;
      for (const [index, entity] of (parseJson(text) as unknown as EntityJson[]).entries()) {
        const error = errorIn([...before, entity], schema);
        if (error !== undefined)
          return find.in(file).error(messageOf(error, entity), error.help, placeOf(error, index));
        before.push(entity);
      }
    }
  },
};

function errorIn(entities: readonly EntityJson[], schema: Schema): CedarError | undefined {
  try {
    Entities.fromJson(entities, { schema });
    return undefined;
  } catch (error) {
    if (error instanceof CedarError) return error;
    throw error;
  }
}

const WAY = /^\$\[\d+\]/;

/** Returns the place of an error in the list of its file, where the entity has another index than among all. */
function placeOf({ path = '' }: CedarError, index: number): YamlPart | readonly number[] {
  const steps = path.replace(WAY, '').matchAll(/\.([^.[\]]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/g);
  const way = Array.from(steps, ([, name, at, quoted]) => name ?? (at === undefined ? quoted : Number(at)) ?? '');
  return way.length === 0 ? [index] : valueAt([index, ...way]);
}

/** Returns the message of an error with the entity that it is about; without it, if its file does not say which that is. */
function messageOf({ message, path }: CedarError, entity: unknown): string {
  const [named] = factsUids({ entities: [entity as EntityJson] });
  if (path === undefined || !message.startsWith(path) || named === undefined) return message;
  const part = path.replace(WAY, '').replace(/^\./, '');
  return `${named.type}::${JSON.stringify(named.id)}${part === '' ? '' : `: ${part}`}${message.slice(path.length)}`;
}
