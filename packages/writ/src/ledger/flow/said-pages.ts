import type { Labels } from './labels.js';
import type { SaidValue } from './said-values.js';

/** The size of a page, about, in characters: the deciding thread reads one in about a millisecond. */
const PAGE = 64 * 1024;
/** The most words of a row. */
const MAX_WORDS = 2_000;

/** A value, or more words of the value before them. */
export type SaidRow = SaidValue | readonly string[];

/** A page as JSON. Most values of an answer have the same labels, so each labels are written once. */
interface Page {
  readonly labels: readonly Labels[];
  readonly rows: readonly (StoredValue | readonly string[])[];
}

type StoredValue = Omit<SaidValue, 'labels'> & { readonly labels: number };

/** Writes the values of an answer as texts of a bounded size, so that the deciding thread reads them a page at a time. */
export function pagesOf(said: readonly SaidValue[]): string[] {
  const pages: string[] = [];
  let page = emptyPage();
  for (const row of said.flatMap(rowsOf)) {
    page.size += isMoreWords(row) ? row.length * 8 : 100 + row.at.length + String(row.value).length * 3;
    page.rows.push(isMoreWords(row) ? row : { ...row, labels: indexIn(page.labels, row.labels) });
    if (page.size < PAGE) continue;
    pages.push(textOf(page));
    page = emptyPage();
  }
  if (page.rows.length > 0) pages.push(textOf(page));
  return pages;
}

/** Reads a page. */
export function rowsIn(text: string): SaidRow[] {
  const { labels, rows } = JSON.parse(text) as Page;
  return rows.map((row) => (isMoreWords(row) ? row : { ...row, labels: labels[row.labels] as Labels }));
}

/** Returns whether a row is words of the value before it. */
export function isMoreWords<Value>(row: Value | readonly string[]): row is readonly string[] {
  return Array.isArray(row);
}

interface OpenPage {
  size: number;
  readonly rows: Page['rows'][number][];
  readonly labels: Map<string, { readonly index: number; readonly labels: Labels }>;
}

function emptyPage(): OpenPage {
  return { size: 0, rows: [], labels: new Map() };
}

function textOf({ rows, labels }: OpenPage): string {
  return JSON.stringify({ labels: [...labels.values()].map((one) => one.labels), rows } satisfies Page);
}

function indexIn(known: OpenPage['labels'], labels: Labels): number {
  const key = JSON.stringify(labels);
  const { index } = known.get(key) ?? { index: known.size };
  known.set(key, { index, labels });
  return index;
}

function rowsOf(value: SaidValue): SaidRow[] {
  const { words } = value;
  const rows: SaidRow[] = [words.length <= MAX_WORDS ? value : { ...value, words: words.slice(0, MAX_WORDS) }];
  for (let at = MAX_WORDS; at < words.length; at += MAX_WORDS) rows.push(words.slice(at, at + MAX_WORDS));
  return rows;
}
