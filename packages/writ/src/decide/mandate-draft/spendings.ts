import type { NamedValue } from '../../ledger/flow/named-values.js';

/** The amount that a prompt lets its task spend at most; or the words by which it cannot be said. */
export type Spending =
  | { readonly most: number; readonly currency: string; readonly amounts: readonly NamedValue[] }
  | { readonly unclear: string };

/** Verbs whose object is an amount. */
const PAYS =
  /(?<![\p{L}\p{N}])(?:pay|pays|paying|transfer|transferring|refund|refunding|wire|donate|reimburse|tip|deposit|withdraw)(?![\p{L}\p{N}])/giu;
const GIVES = /(?<![\p{L}\p{N}])(?:send|give|charge|spend)(?![\p{L}\p{N}])/giu;
const LIMIT = /(?:up to|at most|no more than|not more than|maximum(?: of)?|max\.?|limit of)\s{0,3}$/iu;
/** Words by which an amount is not the amount that is paid. */
const OTHERWISE =
  /(?<![\p{L}\p{N}])(?:each|every|per|apiece|times|twice|double|triple|half|split|share|between|among|monthly|weekly|daily|yearly|recurring|more|less|over|above|below|under|least|about|around|approximately|difference|rest|remaining|remainder|increase|decrease|reduce|raise|instead|by|percent|balance|left)(?![\p{L}\p{N}])/iu;
/** As in "pay 50 EUR", "pay Ana the 50 EUR". */
const MAX_DISTANCE = 40;
const SENTENCE_END = /[.!?;\n](?=\s|$)/gu;

/** Returns the most that a prompt lets its task pay, if it says the amount wherever it asks to pay. */
export function spendingIn(prompt: string, values: readonly NamedValue[]): Spending {
  const amounts = values.filter(({ kind }) => kind === 'amount');
  const currencies = new Set(amounts.map(({ currency }) => currency));
  const [currency] = currencies;
  if (currency === undefined) return { unclear: 'it has no amount with a currency' };
  if (currencies.size > 1) return { unclear: 'the amounts are in several currencies' };
  const paid = new Set<NamedValue>();
  for (const { index, 0: verb } of prompt.matchAll(PAYS)) {
    const amount = objectOf(prompt, index + verb.length, amounts);
    if (amount === undefined) return { unclear: `it does not say how much to ${verb.toLowerCase()}` };
    paid.add(amount);
  }
  for (const { index, 0: verb } of prompt.matchAll(GIVES)) {
    const amount = objectOf(prompt, index + verb.length, amounts);
    if (amount !== undefined) paid.add(amount);
  }
  for (const amount of amounts) if (LIMIT.test(prompt.slice(Math.max(0, amount.at - 30), amount.at))) paid.add(amount);
  if (paid.size === 0) return { unclear: 'it does not ask to pay an amount' };
  for (const { at, text } of paid) {
    const words = sentenceAround(prompt, at, text.length).replace(/(?:no|not) more than/giu, '');
    const otherwise = OTHERWISE.exec(words.replace(/at most|up to/giu, ''))?.[0];
    if (otherwise !== undefined) return { unclear: `“${otherwise}” may change the amount` };
  }
  return { most: [...paid].reduce((sum, { value }) => sum + Number(value), 0), currency, amounts: [...paid] };
}

/** Returns the amount that a verb has for its object. */
function objectOf(prompt: string, from: number, amounts: readonly NamedValue[]): NamedValue | undefined {
  const next = amounts.find(({ at }) => at >= from && at <= from + MAX_DISTANCE);
  return next === undefined || /[.!?;\n]\s|\s(?:and|then)\s/u.test(prompt.slice(from, next.at)) ? undefined : next;
}

function sentenceAround(prompt: string, at: number, length: number): string {
  const before = prompt.slice(Math.max(0, at - 400), at);
  const after = prompt.slice(at + length, at + length + 400);
  const start = [...before.matchAll(SENTENCE_END)].at(-1)?.index ?? -1;
  const end = SENTENCE_END[Symbol.matchAll](after).next().value?.index ?? after.length;
  return `${before.slice(start + 1)} ${after.slice(0, end)}`;
}
