import { Entities, type EntityJson, type EntityUid } from '@writ/cedar';
import { timeOnce } from '../measure.js';
import type { Row } from '../row.js';

const uid = (type: string, id: string): EntityUid => ({ type, id });
const MILLION = 1_000_000;
const BATCH = 50_000;
const GROUPS = 1_000;

/** A million entities with attributes and parents, read in batches of JSON text as a bulk import would. */
export function million(): Row[] {
  const before = process.memoryUsage().rss;
  const groups: EntityJson[] = Array.from({ length: GROUPS }, (_, i) => ({
    uid: uid('Group', `g${i}`),
    parents: i < 10 ? [] : [uid('Group', `g${i % 10}`)],
  }));
  let parse = 0;
  const entities = Entities.fromJson(groups);
  for (let start = 0; start < MILLION; start += BATCH) {
    const text = JSON.stringify(Array.from({ length: BATCH }, (_, i) => user(start + i)));
    parse += timeOnce(() => void entities.load(text));
  }
  const rssGb = (process.memoryUsage().rss - before) / 1e9;
  const seconds = parse / 1_000;
  return [
    {
      group: 'Entities',
      name: 'a million loaded from JSON text',
      figures: { seconds, 'resident GB': rssGb },
      target: '< 20 s, < 1.5 GB',
      met: seconds < 20 && rssGb < 1.5 && entities.size === MILLION + GROUPS,
    },
  ];
}

function user(i: number): EntityJson {
  return {
    uid: uid('User', `user-${i}`),
    attrs: { level: i % 10, email: `user-${i}@shop.example`, active: i % 3 === 0 },
    parents: [uid('Group', `g${i % GROUPS}`)],
  };
}
