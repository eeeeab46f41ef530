import { readFileSync, writeFileSync } from 'node:fs';

/** Returns the page on which the table of a suite is published: one page for Writ, and one for the package of Cedar. */
export const pageOf = (suite: string): string =>
  suite === 'cedar' ? 'packages/cedar/README.md' : 'docs/performance.md';

/**
 * Writes the table of a suite into its page.
 *
 * @param root the folder of the checkout
 * @throws {Error} if the page has no place for it
 */
export function publish(root: URL, suite: string, table: string): void {
  const page = new URL(pageOf(suite), root);
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), suite, table));
}

/** Returns the text of a page with another table between the two comments of a suite. @throws {Error} if they are not there once */
export function withTable(page: string, suite: string, table: string): string {
  const [open, close] = [`<!-- bench ${suite} -->`, `<!-- /bench ${suite} -->`];
  const [before = '', rest, ...more] = page.split(open);
  const [old, after, ...others] = rest?.split(close) ?? [];
  if (old === undefined || after === undefined || more.length > 0 || others.length > 0)
    throw new Error(`the page needs one place for the table: ${open}, then ${close}`);
  return `${before}${open}\n${table}\n${close}${after}`;
}
