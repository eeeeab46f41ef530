import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/problem.js';
import type { Page } from './read-request.js';

/** The place where a page begins. */
interface Place {
  /** How many results a page has; undefined when the first request set no limit. */
  readonly limit: number | undefined;
  /** The last result that was given out. */
  readonly after: string;
}

const MAC_BYTES = 32;

/**
 * Page tokens (Authorization API 1.0, section 8.1): opaque, signed, and good for the same search by the same caller alone.
 * A token that was changed, or comes with another request, is refused.
 */
export class PageTokens {
  constructor(private readonly key: Buffer) {}

  /** @param search everything that the pages of one search have in common */
  issue(search: unknown, place: Place): string {
    const payload = Buffer.from(JSON.stringify([place.limit ?? null, place.after]));
    return Buffer.concat([this.mac(search, payload), payload]).toString('base64url');
  }

  /**
   * Returns the place that `page` names.
   *
   * @throws {Problem} 400 if the token is of another search, or the limit differs from that of the first request
   */
  read(search: unknown, page: Page): Partial<Place> {
    if (page?.token === undefined || page.token === '') return { limit: page?.limit };
    const bytes = Buffer.from(page.token, 'base64url');
    const payload = bytes.subarray(MAC_BYTES);
    const isOurs = bytes.length > MAC_BYTES && timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.mac(search, payload));
    if (!isOurs) throw new Problem(400, 'page.token: not a token of this search; begin again without one');
    const [limit, after] = JSON.parse(payload.toString('utf8')) as [number | null, string];
    // The specification's own example, and its certification, leave the limit out with a token.
    if (page.limit !== undefined && page.limit !== limit)
      throw new Problem(400, 'page.limit: differs from that of the first request');
    return { limit: limit ?? undefined, after };
  }

  private mac(search: unknown, payload: Buffer): Buffer {
    const digest = createHash('sha256').update(canonical(search)).digest();
    return createHmac('sha256', this.key).update(digest).update(payload).digest();
  }
}

/** JSON with the keys of objects in order: equal searches have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
