import type { Held, StoreKind } from './attack.js';
import { inColumns } from './columns.js';
import type { Tried } from './run.js';

/** Says how one attack went, as soon as that is known. */
export function lineOf({ name, store, finding, attack, twin, seconds }: Tried): string {
  const held = attack === undefined ? 'held' : `DID NOT HOLD: ${attack}`;
  const went = twin === undefined ? '' : `; the honest twin did not go through: ${twin}`;
  return `${store} ${finding} ${name} (${seconds.toFixed(1)} s): ${held}${went}`;
}

export function table(tried: readonly Tried[]): string {
  const rows = [['kind', 'attack', 'finding', 'sqlite', 'postgres', 'twin']];
  for (const name of new Set(tried.map((one) => one.name))) {
    const all = tried.filter((one) => one.name === name);
    const { kind, finding } = all[0] as Tried;
    const on = (store: StoreKind): string => {
      const one = all.find((other) => other.store === store);
      return one === undefined ? '-' : word(one.attack, 'held', 'NOT HELD');
    };
    const twin = word(all.find((one) => one.twin !== undefined)?.twin, 'went through', 'DID NOT');
    rows.push([kind, name, finding, on('sqlite'), on('postgres'), twin]);
  }
  return inColumns(rows);
}

export function lastLine(tried: readonly Tried[]): string {
  const [held, through] = [
    tried.filter(({ attack }) => attack === undefined),
    tried.filter(({ twin }) => twin === undefined),
  ];
  const attacks = `${held.length} held, ${tried.length - held.length} did not hold`;
  return `${attacks}, ${through.length} twins went through, ${tried.length - through.length} did not`;
}

function word(said: Held, good: string, bad: string): string {
  return said === undefined ? good : bad;
}
