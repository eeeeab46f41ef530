import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FACES, type Face } from './faces.js';
import { FAILURES, type FailingService, failingService } from './failing-service.js';

/** Faces times failures of the decision point: the back end receives nothing. */

interface Cell {
  readonly service: FailingService;
  readonly face: Face;
  readonly before: boolean;
  readonly during: readonly boolean[];
  readonly reachedDuring: number;
  readonly after: boolean;
}

const rows = Object.keys(FAILURES).flatMap((failure) => Object.keys(FACES).map((face) => [face, failure] as const));
const cells = new Map<string, Cell>();

/** Works, fails, works again. */
async function celled(face: string, failure: string): Promise<Cell> {
  const service = await failingService();
  const made = await (FACES[face] as (typeof FACES)[string])(service.url);
  const before = await made.operation();
  const reached = made.reached();
  await service.fail(failure);
  // The second comes on a connection that has failed already.
  const during = await Promise.all([made.operation(), made.operation()]);
  const reachedDuring = made.reached() - reached;
  await service.mend();
  return { service, face: made, before, during, reachedDuring, after: await made.operation() };
}

// All at once, because some of them take as long as a client waits.
beforeAll(async () => {
  await Promise.all(rows.map(async ([face, failure]) => cells.set(`${face} ${failure}`, await celled(face, failure))));
}, 60_000);
afterAll(async () => {
  for (const { face, service } of cells.values()) {
    await face.close();
    await service.close();
  }
});

describe('nothing passes', () => {
  it.each(rows)('%s if its decision point %s', (face, failure) => {
    const { before, during, reachedDuring } = cells.get(`${face} ${failure}`) ?? expect.fail();
    expect(before, 'it works otherwise').toBe(true);
    expect(during).toEqual([false, false]);
    expect(reachedDuring).toBe(0);
  });

  it.each(rows)('%s, which recovers by itself after its decision point %s', (face, failure) => {
    expect(cells.get(`${face} ${failure}`)?.after).toBe(true);
  });
});
