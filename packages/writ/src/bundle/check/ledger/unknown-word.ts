import { expressionsOf } from '../../../ledger/accumulators/accumulator.js';
import { syntaxOf, textAt, textsCompared } from '../../../ledger/cel-ast.js';
import { EFFECTS } from '../../format/tools.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';
import { compiling } from './expression.js';

/** An effect, or a kind of task, that there is not, in the CEL of an accumulator. */
export const unknownCountedWord: Rule = {
  code: 'ledger/unknown-word',
  check({ ledger, tasks }, find) {
    // A task without a kind has the empty one.
    const kinds = tasks === undefined ? undefined : ['', ...Object.keys(tasks.tasks)];
    const vocabularies = [
      { variable: 'effects', known: EFFECTS, what: 'effect of a tool', help: `the effects are ${EFFECTS.join(', ')}` },
      { variable: 'kind', known: kinds, what: 'kind of task', help: 'declare the kind in tasks.yaml, or remove it' },
    ].flatMap(({ known, ...one }) => (known === undefined ? [] : [{ ...one, known, near: new NearNames(known) }]));
    for (const [name, declared] of compiling({ ledger })) {
      const { on } = declared;
      for (const { part, text } of [
        ...expressionsOf(name, declared),
        ...(on === undefined ? [] : [{ part: 'on', text: on }]),
      ]) {
        const syntax = syntaxOf(text);
        for (const { variable, known, near, what, help } of vocabularies)
          for (const word of textsCompared(syntax, variable)) {
            if ((known as readonly string[]).includes(word)) continue;
            const meant = near.of(word);
            find
              .in('ledger.yaml')
              [meant === undefined ? 'warning' : 'error'](
                `${name}: \`${part}\` names ${word}, which is no ${what}`,
                meant === undefined ? help : `did you mean ${meant}?`,
                valueAt(['accumulators', name, part], textAt(syntax, word)),
              );
          }
      }
    }
  },
};
