import { ProtocolError } from '@modelcontextprotocol/client';
import { UpstreamError } from '../../errors.js';
import type { CallResult } from '../protocol/result.js';
import type { DirectRequests } from './direct-requests.js';

const MAX_PAGES = 500;
const MAX_ITEMS = 10_000;
/** In characters, of all lists of a server together. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** For all lists of a server together. */
const MAX_MS = 30_000;

/** Reads the lists of a server, page by page, within bounds for all of them together. */
export class ListPages {
  private pages = 0;
  private characters = 0;
  private readonly until = performance.now() + MAX_MS;

  constructor(private readonly requests: Pick<DirectRequests, 'request'>) {}

  /**
   * Returns all items of a list.
   *
   * @param member of the result that has the items
   * @throws {UpstreamError} if the lists are out of bounds
   */
  async all(method: string, member: string): Promise<unknown[]> {
    const items: unknown[] = [];
    const cursors = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.page(method, cursor);
      const listed = page[member];
      if (!Array.isArray(listed)) throw new UpstreamError(`it answers ${method} without a list of ${member}`);
      for (const item of listed) items.push(item);
      if (items.length > MAX_ITEMS) throw outOf(`it lists more than ${MAX_ITEMS} ${member}`);
      const { nextCursor } = page;
      // A server that names a page again would do so without an end.
      cursor = typeof nextCursor === 'string' && nextCursor !== '' && !cursors.has(nextCursor) ? nextCursor : undefined;
      if (cursor !== undefined) cursors.add(cursor);
    } while (cursor !== undefined);
    return items;
  }

  /** Returns all items of a list; none if the server says that it has no such list. */
  async allOrNone(method: string, member: string): Promise<unknown[]> {
    try {
      return await this.all(method, member);
    } catch (error) {
      if (ProtocolError.isInstance(error)) return [];
      throw error;
    }
  }

  private async page(method: string, cursor: string | undefined): Promise<CallResult> {
    this.pages += 1;
    const timeoutMs = Math.ceil(this.until - performance.now());
    if (this.pages > MAX_PAGES || timeoutMs <= 0)
      throw outOf(`its lists have more than ${MAX_PAGES} pages, or take longer than ${MAX_MS / 1_000} s`);
    const params = cursor === undefined ? {} : { cursor };
    const page = await this.requests.request({ method, params, timeoutMs, may: [] });
    this.characters += JSON.stringify(page).length;
    if (this.characters > MAX_CHARACTERS) throw outOf(`its lists are longer than ${MAX_CHARACTERS} characters`);
    return page;
  }
}

function outOf(message: string): UpstreamError {
  return new UpstreamError(message, 'let the server offer less');
}
