import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A catalog of the fields of no schema, or of an entity type that the schema does not have. */
export const catalog: Rule = {
  code: 'access/catalog',
  check({ access, schema }, find) {
    for (const [name, { catalogs, schema: form }] of Object.entries(access.templates)) {
      const way = ['templates', name, 'catalogs'];
      if (form === undefined && Object.keys(catalogs).length > 0)
        find.in('access.yaml').error(`${name}: catalogs are of the fields of a schema`, 'give it a `schema`', way);
      for (const [field, { type }] of Object.entries(catalogs)) {
        if (schema.entityTypes.has(type)) continue;
        const message = `${name}: the schema has no entity type ${type}`;
        find
          .in('access.yaml')
          .error(message, 'name a type of the schema for the catalog', valueAt([...way, field, 'type']));
      }
    }
  },
};
