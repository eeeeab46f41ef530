import { STATEMENTS } from '../../../programs/facts.js';
import { EFFECTS } from '../../format/tools.js';
import { checkNames } from '../names/check-names.js';
import type { Rule } from '../rule.js';

const FROM = ['prompt', 'approval', 'mandate', 'field', 'text', 'nowhere'];
/** The words that Writ itself fills in, by the part of an origin (docs/tools.md). */
const OF_ORIGIN: ReadonlyMap<string, readonly string[]> = new Map([
  ['from', FROM],
  ['said', [...FROM, 'given']],
  ['deviates', ['email', 'url', 'iban', 'amount', 'date']],
]);

/** A word that Writ never fills in, in a test of a part of the context that has few words. */
export const unknownWord: Rule = {
  code: 'policies/unknown-word',
  check(bundle, find) {
    const knownAt = ([first, second = '', third = '', ...more]: readonly string[]): readonly string[] | undefined => {
      if (more.length > 0) return undefined;
      if (first === 'tool' && second === 'effects' && third === '') return EFFECTS;
      if (first === 'program' && second === 'statements' && third === '') return STATEMENTS;
      return first === 'tool' || first === 'origins' ? OF_ORIGIN.get(third) : undefined;
    };
    checkNames(bundle, find, {
      knownAt,
      message: (name, path) => `${path} never has ${name}`,
      help: 'see docs/tools.md and docs/programs.md for the words that it can have',
    });
  },
};
