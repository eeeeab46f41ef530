import type { EntityUid } from '@writ/cedar';
import { z } from 'zod';

/** The query of a list in the order of type and id. */
export const uidPage = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** With `afterId`: continues after the `next` of the page before. */
  afterType: z.string().optional(),
  afterId: z.string().optional(),
});
type UidPage = z.output<typeof uidPage>;

export function afterOf({ afterType, afterId }: UidPage): EntityUid | undefined {
  return afterType === undefined ? undefined : { type: afterType, id: afterId ?? '' };
}

/** Returns the entity to continue after, if the page is full. */
export function nextOf(uids: readonly EntityUid[], { limit }: UidPage): { next?: EntityUid } {
  const last = uids[uids.length - 1];
  return last === undefined || uids.length < limit ? {} : { next: { type: last.type, id: last.id } };
}
