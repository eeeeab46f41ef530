import { CedarError, Entities, type EntityJson, type Schema } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import type { Rule } from '../rule.js';

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
        if (error !== undefined) return find.in(file).error(error.message, error.help, [index]);
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
