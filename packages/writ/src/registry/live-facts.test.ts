import { Schema } from '@writ/cedar';
import { describe, expect, it } from 'vitest';
import { FactRules } from './fact-rules.js';
import { Registry } from './registry.js';

const schema = Schema.parse('entity Order { state?: String, total?: Long }; entity User { of?: Order };');
const rules = new FactRules(new Map([['Order', new Map([['state', { maxAge: 1_000, fetcher: 'orders' }]])]]));
const uid = (id: string) => ({ type: 'Order', id });
const fetched = (id: string, state: string | null, asOf: number) => ({
  ...uid(id),
  source: 'orders',
  asOf,
  attributes: { state },
});

describe('facts that were fetched', () => {
  it('take no room when they are over, however many there were', () => {
    const registry = Registry.load([], schema, rules);
    for (let i = 0; i < 1_000; i += 1) registry.live.fetched(fetched(`o-${i}`, i % 2 === 0 ? 'open' : null, 0));
    // Of the others it is known that there are none: no attribute, and nothing withheld.
    expect([registry.entities.size, registry.resident(uid('o-1'))]).toEqual([500, undefined]);
    expect(registry.entities.get(uid('o-1'))?.attributes.has('state')).toBe(false);
    expect(registry.live.takeReads()).toEqual([]);
    registry.live.expire(1_000);
    expect([registry.entities.size, registry.entities.get(uid('o-1'))]).toEqual([0, undefined]);
    expect(registry.live.isFresh(uid('o-1'), 'state', 1_000)).toBe(false);
    // One that came too late takes none either.
    registry.live.fetched(fetched('late', 'open', -5_000));
    expect(registry.entities.get(uid('late'))).toBeUndefined();
  });

  it('are looked at once when they are over, however often they were brought anew', () => {
    const registry = Registry.load([], schema, rules);
    for (let now = 0; now < 10_000; now += 1) {
      registry.live.expire(now);
      registry.live.fetched(fetched('o', 'open', now));
    }
    const due = (registry.live as unknown as { due: { length: number } }).due.length;
    expect(due).toBeLessThan(20);
    registry.live.expire(10_998);
    expect(registry.entities.get(uid('o'))?.attributes.get('state')).toBe('open');
    registry.live.expire(10_999);
    expect(registry.resident(uid('o'))).toBeUndefined();
  });

  it('are withheld from whoever refers to them when they are over, and come back', () => {
    const registry = Registry.load([], schema, rules);
    registry.live.fetched(fetched('o', 'open', 0));
    registry.prepare([{ uid: { type: 'User', id: 'u' }, attrs: { of: { __entity: uid('o') } } }]).apply();
    const order = registry.entities.get({ type: 'User', id: 'u' })?.attributes.get('of') as {
      attributes: Map<string, unknown>;
    };
    expect(order.attributes.get('state')).toBe('open');
    registry.live.expire(1_000);
    registry.live.takeReads();
    expect(order.attributes.get('state')).toBeUndefined();
    expect(registry.live.takeReads()).toMatchObject([{ entity: uid('o'), attribute: 'state' }]);
    registry.live.fetched(fetched('o', 'closed', 1_000));
    expect(order.attributes.get('state')).toBe('closed');
  });
});
