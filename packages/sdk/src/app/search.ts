import { DecisionPointError } from '../client/errors.js';
import type { ServiceAnswer } from '../client/service-client.js';
import { isObject } from '../lib/is-object.js';

/** More pages than this are of no list that ends. */
const MAX_PAGES = 10_000;

/** Reads a search page by page. @throws {DecisionPointError} if a page is malformed or does not come */
export async function* searchPages<T>(
  ask: (page: object) => Promise<ServiceAnswer>,
  read: (found: Readonly<Record<string, unknown>>) => T | undefined,
): AsyncGenerator<T> {
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { status, body } = await ask(token === undefined ? {} : { page: { token } });
    const { results, page: next } = isObject(body) ? body : {};
    if (status !== 200 || !Array.isArray(results))
      throw new DecisionPointError(`the search was answered with status ${status}`);
    for (const found of results as readonly unknown[]) {
      const value = isObject(found) ? read(found) : undefined;
      if (value === undefined) throw new DecisionPointError('a result of the search is malformed');
      yield value;
    }
    const { next_token: following } = isObject(next) ? next : {};
    if (typeof following !== 'string' || following === '') return;
    if (following === token) throw new DecisionPointError('the search does not go on');
    token = following;
  }
  throw new DecisionPointError('the search has no end');
}
