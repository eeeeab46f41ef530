import { stemmer } from 'stemmer';

/** Nouns by which a person asks for what has an address on the web, as stems. */
const PAGES = 'link url page webpage website site article blog form portal'.split(' ').map((word) => stemmer(word));

/** Returns whether a prompt asks for pages whose addresses it does not name: "fill in the form that the mail links to". */
export function asksForPages(prompt: { asksFor(stems: readonly string[]): boolean }): boolean {
  return prompt.asksFor(PAGES);
}
