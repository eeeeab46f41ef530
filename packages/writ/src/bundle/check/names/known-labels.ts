import { memo } from '../../../lib/memo.js';
import type { Bundle } from '../../bundle.js';

/** The labels of Writ that mark a task or a value. */
export const MARKS = ['external', 'attested', 'confidential', 'restricted'];
/** The members of labels that are written as a record. */
export const LABELLED: ReadonlySet<string> = new Set([
  'integrity',
  'confidentiality',
  'labels',
  'kind',
  'readers',
  'clears',
  'sentBy',
  'when',
]);
/** The words of a result that mark nothing: what is our own, and what many may know. */
export const UNMARKED: ReadonlySet<string> = new Set(['internal', 'system', 'user', 'public']);

/** Returns the labels that something can have: those of Writ, of results, and of detectors. */
export const knownLabels: (bundle: Bundle) => ReadonlySet<string> = memo(
  ({ tools: { tools, defaults, detect, programs } }: Bundle) => {
    const words = [
      ...Object.values(tools).flatMap(({ result }) => [...wordsIn(result)]),
      ...wordsIn(defaults.result),
      ...Object.values(detect ?? {}),
      ...Object.values(programs.tables ?? {}).flatMap(({ result, columns }) => [
        ...wordsIn(result),
        ...Object.values(columns).flatMap((one) => [...wordsIn(one)]),
      ]),
    ];
    return new Set([...MARKS, ...words.filter((word) => !UNMARKED.has(word))]);
  },
);

/** Yields the labels that a description of a result says: words, a record, or one of these by path. */
function* wordsIn(result: unknown): Generator<string> {
  if (typeof result === 'string') yield result;
  else if (Array.isArray(result)) for (const one of result) yield* wordsIn(one);
  else if (typeof result === 'object' && result !== null) {
    const isLabels = Object.keys(result).some((member) => LABELLED.has(member));
    if (isLabels) yield* (result as { readonly labels?: readonly string[] }).labels ?? [];
    else for (const one of Object.values(result)) yield* wordsIn(one);
  }
}
