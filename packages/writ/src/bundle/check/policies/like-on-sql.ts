import { type ArgumentPattern, argumentPatterns } from '../names/patterns.js';
import type { Rule } from '../rule.js';

const KINDS = ['sql', 'query', 'statement'];
const NAME = /^(?:.*_)?(?:sql|sql_query|query_sql|statement)$/;
/** The words that a pattern on SQL begins with, or has. */
const SQL = /\b(?:select|insert|update|delete|drop|alter|create|truncate|grant|union|pragma|attach|from|where)\b/i;

/** A `like` with a wildcard on SQL: case, comments and a second statement get around it. */
export const likeOnSql: Rule = {
  code: 'policies/like-on-sql',
  check(bundle, find) {
    for (const one of argumentPatterns(bundle)) {
      if (!isOfSql(one)) continue;
      const { policy, source, written, pattern, at } = one;
      find
        .in(source.file)
        .warning(
          `policy ${policy.id}: \`like "${pattern.join('*')}"\` is no guard on the SQL of ${written}: case, comments and a second statement get around it`,
          'give the database user of the tool the rights that it needs and no more; or list the whole statements: ["SELECT …"].contains(…)',
          at,
        );
    }
  },
};

function isOfSql({ argument, kinds, pattern }: ArgumentPattern): boolean {
  const name = argument.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  if (KINDS.some((kind) => kinds.has(kind)) || NAME.test(name)) return true;
  // An argument `query` is as often words to search for, so the pattern says which it is.
  return kinds.size === 0 && name === 'query' && SQL.test(pattern.join(' '));
}
