import type { NamedValue } from '../../ledger/flow/named-values.js';

/** The addressees of a prompt: where it says that something goes. */
interface Addressees {
  /** The addresses that stand where an addressee stands. */
  readonly named: ReadonlySet<NamedValue>;
  /** The words that name another addressee, and no address; undefined if every addressee has an address. */
  readonly other: Words | undefined;
}

interface Words {
  readonly text: string;
  readonly at: number;
}

/** Words before an addressee. */
const MARKER =
  /(?<![\p{L}\p{N}@._-])(?:(?<!according )to|cc|bcc|with|invit(?:e|ing)|notify|for|into|onto|at|e?-?mail|pay|refund|reimburse)(?![\p{L}\p{N}@._-])/giu;
/** Of these, the words that stand before much else also: alone an address right behind them is an addressee. */
const DIRECT = /^(?:for|at|into|onto|e?-?mail|pay|refund|reimburse)$/iu;
const END = /[.!?;\n](?:\s|$)|$/gu;
const MAX_PHRASE = 120;
/** Words that stand for somebody. */
const SOMEBODY =
  /^\s*(?:him|her|them|us|me|myself|everyone|everybody|anyone|all|each|every|both|whoever|someone|my|our|his|her|their|your)(?![\p{L}\p{N}])/iu;
/** Words before an address that something comes from. */
const SOURCE = /(?<![\p{L}\p{N}])(?:from|by|of|about|than)\s*["'(<]?\s*$/iu;
const THE = /^\s*(?:the|a|an|that|this|these|those)\s+/iu;
const CAPITAL = /^\s*\p{Lu}[\p{L}'’-]+/u;
/** The head of what stands behind `to the`, if it is a thing that something is added to. */
const THING =
  /^(?:\p{L}+\s+){0,3}?(?:files?|documents?|docs?|folders?|drive|lists?|events?|meetings?|calendars?|appointments?|notes?|pages?|sites?|articles?|reports?|sheets?|tables?|tasks?|orders?|instructions?|plans?)(?![\p{L}\p{N}])/iu;
const PEOPLE_LIST = /^(?:participants|attendees|invitees|recipients|guests)(?![\p{L}\p{N}])/iu;
const ADDS = /(?<![\p{L}\p{N}])(?:add|adding|include|including|invite)(?![\p{L}\p{N}])/iu;
const JOINED = /^[)"'\s]{0,3}(?:,|,?\s?(?:and|or|&|plus|as well as|also)\s)\s*(?:also\s|to\s|cc\s)?/iu;
/** As in "her email address is", "the recipient is", "my landlord's account is". */
const STATED =
  /(?<![\p{L}\p{N}])(?:address(?:es)?|e?-?mail|accounts?|iban|recipient|payee|number|url|link)\s?(?:(?:is|are)\s?:?|:)\s*["'(<]?\s*$/iu;
const ADDED = /(?<![\p{L}\p{N}])(?:add|include|invite)\s(?:also\s|both\s)?["'(<]?\s*$/iu;

/** Returns the addressees among the values of one kind. A word for somebody without an address counts as another addressee. */
export function addresseesIn(prompt: string, values: readonly NamedValue[]): Addressees {
  const finder = new Finder(prompt, values);
  return finder.find();
}

class Finder {
  private readonly named = new Set<NamedValue>();
  private readonly others: Words[] = [];
  /** 1 at each place that is within a value. */
  private readonly within: Uint8Array;
  /** The places of the markers. */
  private readonly markers: readonly { readonly at: number; readonly text: string }[];

  constructor(
    private readonly prompt: string,
    private readonly values: readonly NamedValue[],
  ) {
    this.within = new Uint8Array(prompt.length);
    for (const { at, text } of values) this.within.fill(1, at, at + text.length);
    this.markers = [...prompt.matchAll(MARKER)]
      .map(({ index, 0: text }) => ({ at: index, text }))
      .filter(({ at }) => this.within[at] !== 1);
  }

  find(): Addressees {
    const { prompt, values, named } = this;
    let next = 0;
    for (const [i, { at, text }] of this.markers.entries()) {
      const from = at + text.length;
      while (next < values.length && (values[next] as NamedValue).at < from) next += 1;
      this.lookBehind(text, from, this.endOf(from, this.markers[i + 1]?.at), values[next]);
    }
    let stated = 0;
    for (const one of values) {
      const before = prompt.slice(Math.max(0, one.at - 60), one.at);
      if (STATED.test(before)) stated += 1;
      else if (!ADDED.test(before)) continue;
      named.add(one);
      this.addJoined(one);
    }
    return { named, other: this.unresolved(stated) };
  }

  /** Looks at the phrase behind a marker. */
  private lookBehind(marker: string, at: number, end: number, next: NamedValue | undefined): void {
    const { prompt } = this;
    const first = next !== undefined && next.at < end ? next : undefined;
    const before = prompt.slice(at, first?.at ?? end);
    if (DIRECT.test(marker)) {
      if (first === undefined || !/^\s*["'(<]?$/u.test(before)) return;
    } else {
      const isSomebody = SOMEBODY.test(before) || CAPITAL.test(before) || this.isThePerson(marker, at, before);
      if (first === undefined || SOURCE.test(before)) {
        if (isSomebody) this.others.push({ text: before.trim(), at });
        return;
      }
      if (isSomebody && /,|\s(?:and|or|&|plus)\s/iu.test(before)) this.others.push({ text: before.trim(), at });
    }
    this.named.add(first);
    this.addJoined(first);
  }

  /** Returns whether "to the …" can name a person, and not a thing that something is added to. */
  private isThePerson(marker: string, at: number, words: string): boolean {
    if (!/^(?:to|cc|bcc|invit(?:e|ing)|notify)$/iu.test(marker) || !THE.test(words)) return false;
    const noun = words.replace(THE, '');
    if (THING.test(noun)) return false;
    const sentence = this.prompt.slice(Math.max(0, at - MAX_PHRASE), at);
    return !(PEOPLE_LIST.test(noun) && ADDS.test(sentence.slice(sentence.search(/[^.!?;\n]*$/u))));
  }

  /** Returns an addressee without an address. One name is no other if one address is stated apart from it. */
  private unresolved(stated: number): Words | undefined {
    const names = new Set(this.others.map(({ text }) => CAPITAL.exec(text)?.[0].trim()));
    return names.size === 1 && stated === 1 && !names.has(undefined) ? undefined : this.others[0];
  }

  /** Returns the end of the phrase: the end of the sentence, the next marker, or 120 characters on. A dot in an address is no end. */
  private endOf(at: number, nextMarker: number | undefined): number {
    const most = Math.min(this.prompt.length, at + MAX_PHRASE, nextMarker ?? Number.POSITIVE_INFINITY);
    for (const { index } of this.prompt.slice(at, most + 1).matchAll(END))
      if (this.within[at + index] !== 1) return Math.min(most, at + index);
    return most;
  }

  /** Adds what is joined to an addressee by a comma or an `and`. */
  private addJoined(first: NamedValue): void {
    for (let last: NamedValue | undefined = first; last !== undefined; ) {
      const end: number = last.at + last.text.length;
      const joint = JOINED.exec(this.prompt.slice(end, end + MAX_PHRASE))?.[0];
      if (joint === undefined) return;
      const at = end + joint.length;
      const after: number = this.values.indexOf(last) + 1;
      const next = this.values.slice(after, after + 1).find((one) => one.at >= at && one.at <= at + 2);
      const rest = this.prompt.slice(at, at + 40);
      if (next !== undefined) this.named.add(next);
      else if (SOMEBODY.test(rest) || CAPITAL.test(rest)) this.others.push({ text: rest.trim(), at });
      last = next;
    }
  }
}
