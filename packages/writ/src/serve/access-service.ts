import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import { isRequestable } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import { AccessRequests } from '../access/access-requests.js';
import type { AccessItem, AccessTask } from '../access/access-task.js';
import { Channels } from '../access/channels.js';
import { Deliveries } from '../access/deliveries.js';
import { ApprovalDesk } from '../access/desk.js';
import { ApprovalLinks } from '../access/links.js';
import { deliveriesOf } from '../access/notices.js';
import { peopleIn } from '../access/people.js';
import type { Denial, Person, Template } from '../access/submission.js';
import { AccessTaskStore } from '../access/task-store.js';
import { templateOf } from '../access/template.js';
import type { LogReader } from '../audit/log/log-reader.js';
import type { ServedBundle } from '../bundle/bundle.js';
import { type AccessYaml, DEFAULT_TEMPLATE } from '../bundle/format/access.js';
import { nobodyApproves } from '../decide/approval/approvers.js';
import { approvalRequest, liftableBy, takesRequests } from '../decide/approval/approving.js';
import { ownerFinder } from '../decide/approval/owners.js';
import { writItself } from '../decide/caller.js';
import type { Decider } from '../decide/decide.js';
import { APPROVE, BREAK_GLASS } from '../decide/own-actions.js';
import type { DecisionRecord } from '../decide/record.js';
import type { Approvals } from '../registry/approval-store.js';
import type { Identities } from '../registry/identities.js';
import type { Store } from '../store/store.js';
import type { StoreKey } from '../store/store-key.js';
import type { RecordChange } from './runtime.js';

interface AccessServiceParts {
  readonly store: Store;
  readonly storeKey: StoreKey;
  readonly bundle: () => ServedBundle;
  readonly decider: () => Decider;
  readonly reader: LogReader;
  readonly approvals: Approvals;
  readonly identities: Pick<Identities, 'find'>;
  readonly record: RecordChange;
  /** Signs the links that are sent to people. */
  readonly linkKey: Buffer;
  readonly publicUrl: () => string;
  readonly clock: () => Date;
  readonly logger: Logger;
  /** Whether another service ends requests and sends notices. */
  readonly isFollower: boolean;
}

/** Requests for access, with the bundle, the record and the people of a service. */
export interface AccessService {
  readonly requests: AccessRequests;
  readonly links: ApprovalLinks;
  readonly desk: ApprovalDesk;
  /** Returns why nobody can approve a denial; undefined if enough people can. */
  readonly unapprovable: (record: DecisionRecord) => string | undefined;
  close(): Promise<void>;
}

const TICK_MS = 1_000;
/** For how long somebody is known to be able to approve, and for how many denials at once. */
const APPROVABLE_MS = 10_000;
const MAX_APPROVABLE = 1_000;
/** The caller of decisions on whether somebody may approve. */
const CALLER = writItself('access');

/** Puts requests for access together, and ends and delivers what is due every second. */
export function accessService(parts: AccessServiceParts): AccessService {
  const { bundle, decider, reader, clock, logger } = parts;
  const store = new AccessTaskStore(parts.store, parts.storeKey);
  const links = new ApprovalLinks(parts.linkKey);
  const settings = (): AccessYaml => bundle().access;
  const people = (): readonly string[] => bundle().settings.identities.people;
  const owners = ownerFinder({ registry: () => decider().plane.registry, identities: parts.identities, people });
  const base = (): string => parts.publicUrl().replace(/\/$/, '');

  const mayDo = async (
    action: typeof APPROVE | typeof BREAK_GLASS,
    subject: EntityUid,
    task: AccessTask,
    item: AccessItem,
    scope: { readonly uses: string; readonly anyArguments: boolean },
  ): Promise<DecisionRecord> => {
    const found = await reader.find(item.decision);
    if (found === undefined) throw new Error(`there is no decision ${item.decision}`);
    const { id: request, template, step, requested } = task;
    const consent = decider().plane.consents.has(template);
    const seen = { request, template, step, consent, emergency: requested.emergency === true, ...scope };
    const asked = approvalRequest(decider().plane, action, subject, found.decision, seen, owners.ownersOf);
    return decider().decide(asked, CALLER, undefined);
  };
  const template = (name: string): Template => {
    const known = Object.hasOwn(settings().templates, name) ? name : 'default';
    return templateOf(known, settings().templates[known] ?? DEFAULT_TEMPLATE);
  };
  const peopleAsked = (asked: readonly string[]): Person[] => {
    const { access } = bundle();
    const { entities } = decider().plane.registry;
    return peopleIn(asked, { entities, personTypes: people(), channels: access.notify });
  };
  /** Denials that somebody could approve a moment ago: to say nothing of one that nobody can approve any more is no lie. */
  const approvable = new BoundedCache<string, number>(MAX_APPROVABLE);
  /** Returns why nobody can approve a denial. */
  const unapprovable = (record: DecisionRecord): string | undefined => {
    const { request, provenance, policyVersion, revision, reasons } = record;
    const path = (provenance?.path ?? [request.subject]).map(uidText);
    const policies = reasons.map(({ policy }) => policy);
    const key = JSON.stringify([
      path,
      request.action.name,
      uidText(request.resource),
      policies,
      policyVersion,
      revision,
    ]);
    const known = approvable.get(key);
    if (known !== undefined && performance.now() - known < APPROVABLE_MS) return undefined;
    const why = whyNobody(record);
    if (why === undefined) approvable.set(key, performance.now());
    return why;
  };
  const whyNobody = (record: DecisionRecord): string | undefined => {
    const { ask, escalate, quorum, isConsent, name } = template(liftableBy(decider().plane, record).template);
    const asked = peopleAsked([...ask, ...escalate.flatMap((step) => step.ask)]);
    return nobodyApproves(record, {
      ...{ decider: decider(), people: people(), owners, quorum, isConsent, template: name },
      asked: asked.flatMap(({ uid }) => parseUid(uid) ?? []),
    });
  };
  const requests = new AccessRequests({
    store,
    clock,
    template,
    peopleIn: peopleAsked,
    lineageOf: owners.lineageOf,
    mayApprove: (approver, task, item, { uses, anyArguments }) =>
      mayDo(APPROVE, approver, task, item, { uses, anyArguments: anyArguments === true }),
    mayBreakGlass: (task, item) =>
      mayDo(BREAK_GLASS, task.path[0] as EntityUid, task, item, { uses: 'once', anyArguments: false }),
    async approve(approval, by) {
      await parts.approvals.add(approval, { by, now: clock() });
      // An approval for more than one use endorses the action for the rest of the task.
      if (approval.uses === 'once') return;
      const found = await reader.find(approval.decision);
      if (found !== undefined) decider().memory.endorse(found.decision);
    },
    record: (by, what, detail) => parts.record({ by, what, detail }),
    deliveriesOf: (notice) =>
      deliveriesOf(notice, {
        channels: settings().notify,
        base: base(),
        linkFor: (approver, { id: request, expiresAt }) => {
          const expires = Math.floor(Date.parse(expiresAt) / 1_000);
          return `${base()}/approve/${links.tokenOf({ request, approver, expires })}`;
        },
      }),
  });

  const channels = new Channels(settings, clock);
  const deliveries = new Deliveries({
    store,
    clock,
    channel: (name) => channels.find(name),
    failed: ({ channel, attempts }, why, isOver) =>
      logger.warn({ channel, attempts: attempts + 1 }, `${isOver ? 'given up' : 'to be tried again'}: ${why}`),
  });
  const tick = async (): Promise<void> => {
    if (parts.isFollower) return;
    await requests.tick();
    await deliveries.tick();
  };
  const stop = every(TICK_MS, tick, (error) =>
    logger.error({ err: error }, 'requests for access could not be gone through'),
  );
  const denial = async (id: string): Promise<Denial | undefined> => {
    const record = (await reader.find(id))?.decision;
    const { plane } = decider();
    if (record === undefined || !isRequestable(record) || !takesRequests(plane)) return undefined;
    return { record, task: decider().taskKeyOf(record), ...liftableBy(plane, record) };
  };
  return {
    requests,
    links,
    desk: new ApprovalDesk({ requests, denial, unapprovable, clock }),
    unapprovable,
    async close() {
      await stop();
      channels.close();
    },
  };
}
