import { readBundleFrom, type ServedBundle } from '#writ/bundle/bundle.js';
import { planeOf } from '#writ/decide/plane-of.js';
import type { Tools } from '#writ/ledger/flow/tool-description.js';
import type { Evasion, EvasionClass } from '../test/evasions/evasion.js';
import { type Goal, goalOf } from './goal.js';

/** A written evasion with the bundle that it is an attack on. */
export interface Target {
  readonly class: string;
  readonly evasion: Evasion;
  readonly bundle: ServedBundle;
  readonly tools: Tools;
  readonly goal: Goal;
}

/** Reads the bundles of the classes. @throws if one has findings */
export function targetsOf(classes: readonly EvasionClass[]): readonly Target[] {
  return classes.flatMap(({ name, bundle: files, evasions }) => {
    const texts = new Map(Object.entries({ 'writ.yaml': 'name: evade', ...files }));
    const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:evade', unread: [] });
    if (bundle === undefined) throw new Error(`${name}: ${JSON.stringify(findings)}`);
    const { tools } = planeOf(bundle);
    return evasions.map(
      (evasion): Target => ({
        ...{ class: name, evasion, bundle, tools },
        goal: goalOf(evasion, tools),
      }),
    );
  });
}
