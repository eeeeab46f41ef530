import { type NamedInPrompt, type NamedKind, type NamedValue, namedIn } from '../../ledger/flow/named-values.js';
import { wordsIn } from '../../ledger/flow/nouns.js';
import { addresseesIn } from './addressees.js';
import { isNounOf } from './nouns.js';
import { type Spending, spendingIn } from './spendings.js';

/** The values that the prompt names for a use; or why it cannot be said which. Undefined if it names none. */
export type NamedFor = { readonly values: readonly NamedValue[] } | { readonly why: string } | undefined;

/** Words by which somebody means a thing without naming it. */
const UNNAMED =
  /(?<![\p{L}\p{N}])(?:other|others|another|all|every|each|both|any|last|latest|next|previous|first|oldest|newest|largest|smallest|biggest|cheapest|remaining|rest|same|these|those)(?![\p{L}\p{N}])/iu;
/** A day by how far it is away. */
const RELATIVE_DAY =
  /(?<![\p{L}\p{N}])(?:today|tonight|tomorrow|yesterday|(?:next|this|last|coming) (?:week|month|year)|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|in [0-9]{1,3} (?:days?|weeks?|months?))(?![\p{L}\p{N}])/iu;
/** The distance within which words are about a noun. */
const NEAR = 40;

/** A prompt, as far as it says which values a task is for. Each question is answered once. */
export class PromptReading {
  readonly named: NamedInPrompt;
  private readonly answers = new Map<string, NamedFor>();
  private spent: Spending | undefined;

  constructor(private readonly prompt: string) {
    this.named = namedIn(prompt);
  }

  /** Returns the addresses, accounts or links that something goes to: all of the kind, if it names no addressee in another way. */
  addressees(kind: NamedKind): NamedFor {
    return this.once(`to ${kind}`, () => {
      const values = this.ofKind(kind);
      if (values.length === 0) return undefined;
      const { named, other } = addresseesIn(this.prompt, values);
      if (other !== undefined) return { why: `“${other.text}” may name another` };
      if (named.size === 0) return { why: 'the prompt does not say that something goes there' };
      return { values };
    });
  }

  /** Returns the days that it names. */
  get days(): NamedFor {
    return this.once('days', () => {
      const values = this.ofKind('date');
      if (values.length === 0) return undefined;
      const relative = RELATIVE_DAY.exec(this.prompt)?.[0];
      const unclear = this.named.unclear.find(({ why }) => why.startsWith('the date'));
      if (relative !== undefined) return { why: `“${relative}” is a day that depends on today` };
      return unclear === undefined ? { values } : { why: `“${unclear.text}” may be another` };
    });
  }

  /** Returns the identifiers with one of these nouns before them. */
  ids(nouns: ReadonlySet<string>, isMeant: (value: NamedValue) => boolean): NamedFor {
    const values = this.ofKind('id').filter((one) => isNounOf(one.noun ?? '', nouns));
    const meant = values.filter(isMeant);
    if (meant.length < values.length) return { why: 'it can be a name, where an id is needed' };
    if (values.length === 0) return undefined;
    const unnamed = this.unnamed(nouns, values);
    return unnamed === undefined ? { values } : { why: `“${unnamed}” may name another` };
  }

  /** The amount that may be spent. */
  get spending(): Spending {
    this.spent ??= spendingIn(this.prompt, this.named.values);
    return this.spent;
  }

  private ofKind(kind: NamedKind): NamedValue[] {
    return this.named.values.filter((one) => one.kind === kind);
  }

  /** Returns words that mean a thing of a noun without naming it, or the noun without a value. */
  private unnamed(nouns: ReadonlySet<string>, values: readonly NamedValue[]): string | undefined {
    for (const { index, 0: word } of this.prompt.matchAll(/\p{L}{2,30}/gu)) {
      if (!wordsIn(word).some((one) => isNounOf(one, nouns))) continue;
      const end = index + word.length;
      const found = UNNAMED.exec(this.prompt.slice(Math.max(0, index - NEAR), index))?.[0];
      if (found !== undefined) return `${found} ${word}`;
      // A noun in the plural stands for those that follow it, or for others.
      const isFollowed = values.some(({ at }) => at >= end && at <= end + NEAR);
      if (!isFollowed && /s$/iu.test(word)) return word;
    }
    return undefined;
  }

  private once(question: string, answer: () => NamedFor): NamedFor {
    if (!this.answers.has(question)) this.answers.set(question, answer());
    return this.answers.get(question);
  }
}
