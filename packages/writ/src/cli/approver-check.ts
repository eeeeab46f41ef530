import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Bundle } from '../bundle/bundle.js';
import { annotated, annotationAt } from '../bundle/check/annotated.js';
import type { Rule } from '../bundle/check/rule.js';
import { DEFAULT_TEMPLATE } from '../bundle/format/access.js';
import { nobodyApproves } from '../decide/approval/approvers.js';
import { ownerFinder } from '../decide/approval/owners.js';
import type { Decider } from '../decide/decide.js';
import { OFFLINE } from '../decide/offline.js';
import { APPROVE } from '../decide/own-actions.js';
import { offlineDecider } from '../decide/plane-of.js';
import type { DecisionRecord } from '../decide/record.js';
import type { DecisionId } from '../lib/ids.js';
import type { Registry } from '../registry/registry.js';

/** Policies on `approve` see the request alone, so that it is known before a call who could approve. */
const OF_REQUESTS = 'AccessRequest';
/** The most pairs of a person and an agent, and the most actions, that are looked at. */
const MAX_PATHS = 20;
const MAX_ACTIONS = 20;

/** A denial that can be asked for, and that nobody among the facts of the bundle can approve, for an agent that it names. */
export const NOBODY_APPROVES: Rule = {
  code: 'access/nobody-approves',
  check(bundle, find) {
    const found = unapprovedPaths(bundle);
    const [policy] = [...annotated(bundle)].filter(({ annotations }) => annotations.requestable !== undefined);
    if (found === undefined || policy === undefined) return;
    const { path, why } = found;
    find
      .in(policy.source.file)
      .warning(
        `policy ${policy.source.id}: by the facts of the bundle, nobody can approve this for ${path}: ${why}`,
        'give the agent an owner who is somebody else than the person it works for: `owner` among its facts, or writ identity set AGENT --owner PERSON',
        annotationAt(policy.source, 'requestable'),
      );
  },
};

/** Returns the first path that nobody can approve anything for; undefined if each has somebody, or if it depends on more than the bundle. */
function unapprovedPaths(bundle: Bundle): { readonly path: string; readonly why: string } | undefined {
  const templates = new Set(
    [...annotated(bundle)].flatMap(({ annotations: { requestable } }) =>
      requestable === undefined ? [] : [requestable],
    ),
  );
  const names = [...templates].filter((name) => bundle.access.templates[name]?.consent !== true);
  const { people } = bundle.settings.identities;
  const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date());
  const { actions, registry } = decider.plane;
  const hasPeople = people.some((type) => !registry.entities.ofType(type).next().done);
  if (names.length === 0 || !hasPeople || actions.get(APPROVE)?.resourceTypes.has(OF_REQUESTS) !== true)
    return undefined;
  const owners = ownerFinder({ registry: () => registry, identities: OFFLINE.identities, people: () => people });
  const whyNobody = (path: readonly EntityUid[]): string | undefined => {
    const whys = names.flatMap((template) => {
      const { ask, quorum } = bundle.access.templates[template] ?? DEFAULT_TEMPLATE;
      const asked = ask.flatMap((text) => parseUid(text) ?? []);
      const parts = { decider, people, owners, asked, template, quorum, isConsent: false };
      return denialsOf(decider, path).map((denied) => nobodyApproves(denied, parts));
    });
    // One that somebody can approve is enough: what others depend on may be in a call.
    return whys.every((why) => why !== undefined) ? whys[0] : undefined;
  };
  const { paths, isGuess } = pathsIn(bundle, decider);
  const found = paths.flatMap((path) => {
    const why = whyNobody(path);
    return why === undefined ? [] : [{ path: path.map(uidText).join(' > '), why }];
  });
  // A bundle without clients does not say who works for whom: then one pair that works is enough.
  return isGuess && found.length < paths.length ? undefined : found[0];
}

/** Returns the paths of the clients and callers that the bundle names; of a bundle without them, of each of its people with each agent. */
function pathsIn(
  { settings }: Bundle,
  { plane }: Decider,
): { readonly paths: readonly EntityUid[][]; readonly isGuess: boolean } {
  const named = [...Object.values(settings.gateway.clients), ...Object.values(settings.callers)].flatMap((one) => {
    const path = [one.for, one.agent].flatMap((text) => (text === undefined ? [] : (parseUid(text) ?? [])));
    return path.length === 0 ? [] : [path];
  });
  if (named.length > 0) return { paths: named.slice(0, MAX_PATHS), isGuess: false };
  const { people } = settings.identities;
  const acting = new Set([...plane.actions.values()].flatMap(({ principalTypes }) => [...principalTypes]));
  const agents = [...acting].filter((type) => !people.includes(type));
  const paths: EntityUid[][] = [];
  for (const person of entitiesOf(plane.registry, people))
    for (const agent of entitiesOf(plane.registry, agents)) {
      paths.push([person, agent]);
      if (paths.length === MAX_PATHS) return { paths, isGuess: true };
    }
  return { paths, isGuess: true };
}

function* entitiesOf({ entities }: Registry, types: readonly string[]): Generator<EntityUid> {
  for (const type of types) for (const { id } of entities.ofType(type)) yield { type, id };
}

/** Returns denials of a path as there could be: one for each action that its actor may ask about. */
function denialsOf({ plane }: Decider, path: readonly EntityUid[]): DecisionRecord[] {
  const actor = path.at(-1) as EntityUid;
  return [...plane.actions.values()]
    .filter(({ uid, principalTypes }) => uid.id !== APPROVE && principalTypes.has(actor.type))
    .slice(0, MAX_ACTIONS)
    .map(({ uid, resourceTypes }) => {
      const [type = OF_REQUESTS] = resourceTypes;
      return {
        ...{ kind: 'decision', id: '' as DecisionId, time: new Date(0).toISOString(), result: 'step_up' },
        ...{ enforcementPoint: 'check', policyVersion: '', reasons: [] },
        request: { subject: path[0], action: { name: uid.id }, resource: { type, id: 'any' }, context: {} },
        provenance: { path, assurance: 1 },
      } as unknown as DecisionRecord;
    });
}
