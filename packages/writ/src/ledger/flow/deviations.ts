import { table } from '../../lib/table.js';
import type { Role } from './declared-tool.js';
import { accountForm, emailForm, type NamedKind, namedIn, urlForm } from './named-values.js';
import { numberForm } from './normal-form.js';
import { dateIn } from './prompt-dates.js';
import { shapesOf } from './value-kinds.js';

/** The kinds of values that the kinds of arguments stand for (docs/tools.md). */
const KINDS = table<NamedKind>({
  ...{ email: 'email', 'e-mail': 'email', mail: 'email', mailbox: 'email' },
  ...{ url: 'url', uri: 'url', link: 'url', website: 'url' },
  ...{ iban: 'iban', account: 'iban', 'bank-account': 'iban', 'account-number': 'iban' },
  ...{ date: 'date', day: 'date' },
  ...{ amount: 'amount', 'minor-units': 'amount' },
});
/** The kind of an amount that is in hundredths. */
const MINOR = 'minor-units';
const ADDRESSES: ReadonlySet<NamedKind> = new Set(['email', 'url', 'iban']);
const MAX_LENGTH = 4_096;

/** Returns the kind of value that prompts name for a declared kind; undefined if prompts name none such. */
export function namedKindOf(declared: string): NamedKind | undefined {
  return KINDS[declared];
}

/** Returns whether amounts of a declared kind are in hundredths. */
export function isMinor(declared: string | undefined): boolean {
  return declared === MINOR;
}

/** The values that the prompts of a task name, by kind. A call that has another of a named kind deviates from what the user named. */
export class NamedByUser {
  private readonly prompts: string[] = [];
  private byKind: ReadonlyMap<NamedKind, ReadonlySet<string>> | undefined;

  /** Adds a prompt. It is read when a policy first asks. */
  add(prompt: string): void {
    this.prompts.push(prompt);
    this.byKind = undefined;
  }

  /** Returns whether a prompt names a day, written as `2026-12-24`. */
  namesDay(day: string): boolean {
    return this.named.get('date')?.has(day) === true;
  }

  /**
   * Returns the kind of a value of a call, if the prompts name others of that kind and not this one; undefined otherwise. Content is
   * not compared: its addresses are links.
   */
  deviation(role: Role, declared: string | undefined, value: string | number): NamedKind | undefined {
    if (role === 'content' && (declared === undefined || namedKindOf(declared) !== 'date')) return undefined;
    const kind = declared === undefined ? kindByForm(role, value) : namedKindOf(declared);
    if (kind === undefined && declared === undefined) return this.deviationWithin(String(value));
    const named = kind && this.named.get(kind);
    return named === undefined || named.has(formOf(kind as NamedKind, declared, value)) ? undefined : kind;
  }

  /** Returns the kind of an address in a text of several, as a list of addressees, that is another than those of its kind. */
  private deviationWithin(text: string): NamedKind | undefined {
    if (this.named.size === 0 || text.length > MAX_LENGTH) return undefined;
    return namedIn(text).values.find(
      ({ kind, value }) => ADDRESSES.has(kind) && this.named.get(kind)?.has(value) === false,
    )?.kind;
  }

  private get named(): ReadonlyMap<NamedKind, ReadonlySet<string>> {
    if (this.byKind === undefined) {
      const byKind = new Map<NamedKind, Set<string>>();
      for (const prompt of this.prompts)
        for (const { kind, value } of namedIn(prompt).values)
          byKind.set(kind, (byKind.get(kind) ?? new Set<string>()).add(value));
      this.byKind = byKind;
    }
    return this.byKind;
  }
}

/** Returns the kind that a value without a declared kind has by its form. An identifier has none: others may be meant by it. */
function kindByForm(role: Role, value: string | number): NamedKind | undefined {
  if (role === 'amount') return 'amount';
  if (typeof value === 'number' || value.length > MAX_LENGTH) return undefined;
  if (/^(?:www\.|[a-z][a-z0-9+.-]{0,20}:\/\/)/i.test(value.trim())) return 'url';
  if (/^[^\s@<>]+@[^\s@<>]+$/.test(value.trim())) return 'email';
  return shapesOf(value).includes('account') ? 'iban' : undefined;
}

function formOf(kind: NamedKind, declared: string | undefined, value: string | number): string {
  const text = String(value);
  if (text.length > MAX_LENGTH) return '';
  switch (kind) {
    case 'email':
      return emailForm(text);
    case 'url':
      return urlForm(text);
    case 'iban':
      return accountForm(text);
    case 'date':
      return dateIn(text.trim().slice(0, 40)) ?? '';
    case 'amount': {
      const amount = Number(numberForm(value) ?? Number.NaN);
      return String(isMinor(declared) ? amount / 100 : amount);
    }
    default:
      return text;
  }
}
