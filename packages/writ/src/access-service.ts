import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Logger } from 'pino';
import { AccessRequests } from './access/access-requests.js';
import { type AccessItem, type AccessTask, statusOf } from './access/access-task.js';
import { type Channel, type Mail, MailChannel, Webhook } from './access/channels.js';
import { Deliveries } from './access/deliveries.js';
import { TooManyRequests } from './access/errors.js';
import { ApprovalLinks } from './access/links.js';
import type { Person, Telling, Template } from './access/submission.js';
import { AccessTaskStore, type Delivery } from './access/task-store.js';
import { requestView } from './access/view.js';
import type { LogReader } from './audit/log/log-reader.js';
import type { Bundle } from './bundle/bundle.js';
import { type AccessYaml, DEFAULT_TEMPLATE } from './bundle/format/access.js';
import { approvalRequest, takesRequests, templateFor } from './decide/approval/approving.js';
import { inProcess } from './decide/caller.js';
import type { Decider } from './decide/decide.js';
import { type Decision, isRequestable } from './decide/decision.js';
import { APPROVE, BREAK_GLASS } from './decide/own-actions.js';
import type { DecisionRecord } from './decide/record.js';
import type { ApprovalDesk, AskedFor } from './enforce/holding.js';
import { millisecondsOf } from './lib/duration.js';
import { environmentText } from './lib/environment.js';
import type { Approvals } from './registry/approval-store.js';
import type { RecordChange } from './serve/record-keeping.js';
import type { Store } from './store/store.js';

interface AccessServiceParts {
  readonly store: Store;
  readonly bundle: () => Bundle;
  readonly decider: () => Decider;
  readonly reader: LogReader;
  readonly approvals: Approvals;
  readonly record: RecordChange;
  /** Of the links that are sent to people. */
  readonly linkKey: Buffer;
  readonly publicUrl: () => string;
  readonly clock: () => Date;
  readonly logger: Logger;
  /** Whether another service ends requests and tells of them. */
  readonly isFollower: boolean;
}

/** Requests for access, as a service has them: with its bundle, its record, and those who are told. */
export interface AccessService {
  readonly requests: AccessRequests;
  readonly links: ApprovalLinks;
  /** For enforcement points in this process. */
  readonly desk: ApprovalDesk;
  close(): Promise<void>;
}

const TICK_MS = 1_000;
/** Under which requests for approval are decided. */
const CALLER = inProcess('access');
const CALLBACK = 'callback';

export function accessService(parts: AccessServiceParts): AccessService {
  const { bundle, decider, reader, clock, logger } = parts;
  const store = new AccessTaskStore(parts.store);
  const links = new ApprovalLinks(parts.linkKey);
  const settings = (): AccessYaml => bundle().access;
  const base = (): string => parts.publicUrl().replace(/\/$/, '');

  const deniedIn = async ({ decision }: AccessItem): Promise<DecisionRecord> => {
    const found = await reader.find(decision);
    if (found === undefined) throw new Error(`there is no decision ${decision}`);
    return found.decision;
  };
  const ownerOf = (uid: EntityUid): EntityUid | undefined => parseUid(decider().lineageOf(uid));
  const requests = new AccessRequests({
    store,
    clock,
    template: (name) => templateOf(settings(), name),
    peopleIn: (asked) => peopleIn(asked, bundle(), decider()),
    lineageOf: (uid) => decider().lineageOf(uid),
    async mayApprove(approver, task, item, { uses, anyArguments }) {
      const denied = await deniedIn(item);
      const seen = { ...seenOf(task), uses, anyArguments: anyArguments === true };
      return decider().decide(
        approvalRequest(decider().plane, APPROVE, approver, denied, seen, ownerOf),
        CALLER,
        undefined,
      );
    },
    async mayBreakGlass(task, item) {
      const denied = await deniedIn(item);
      const seen = { ...seenOf(task), uses: 'once', anyArguments: false };
      const [originator] = task.path as [EntityUid];
      return decider().decide(
        approvalRequest(decider().plane, BREAK_GLASS, originator, denied, seen, ownerOf),
        CALLER,
        undefined,
      );
    },
    async approve(approval, by) {
      await parts.approvals.add(approval, { by, now: clock() });
      // What is approved for more than once is right for the rest of the task: the same is not asked twice.
      if (approval.uses === 'once') return;
      const found = await reader.find(approval.decision);
      if (found !== undefined) decider().memory.endorse(found.decision);
    },
    record: (by, what, detail) => parts.record({ by, what, detail }),
    tellings: (telling) => tellingsOf(telling, settings(), (uid, task) => linkOf(links, base(), uid, task), base()),
  });

  const channels = new Channels(settings, clock);
  const deliveries = new Deliveries({
    store,
    clock,
    channel: (name) => channels.find(name),
    failed: ({ channel, attempts }, why, isOver) =>
      logger.warn({ channel, attempts: attempts + 1 }, `${isOver ? 'given up' : 'to be tried again'}: ${why}`),
  });
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy || parts.isFollower) return;
    isBusy = true;
    running = requests
      .tick()
      .then(() => deliveries.tick())
      .catch((error: unknown) => logger.error({ err: error }, 'requests for access could not be gone through'))
      .finally(() => {
        isBusy = false;
      });
  }, TICK_MS).unref();
  /** A denial of an enforcement point here that can be asked for, and what was asked for the same before. */
  const deskFind = async ({ id }: Pick<Decision, 'id'>) => {
    const record = (await reader.find(id))?.decision;
    if (record === undefined || !isRequestable(record) || !takesRequests(decider().plane)) return undefined;
    const task = decider().taskOf(record);
    // The same is asked once: while somebody thinks about it, and when they have said no to it just now.
    const before = await requests.lastFor(record, task);
    const status = before && statusOf(before);
    const isRecent = before !== undefined && before.expiresAt > clock().toISOString();
    const counts = status === 'pending' || (status === 'denied' && isRecent);
    return { record, task, before: before !== undefined && counts ? asAsked(before) : undefined };
  };
  const desk: ApprovalDesk = {
    find: async (decision) => (await deskFind(decision))?.before,
    async ask(decision, justification) {
      const found = await deskFind(decision);
      if (found === undefined || found.before !== undefined) return found?.before;
      const { record, task } = found;
      try {
        const { task: made } = await requests.submit({
          enforcementPoint: record.enforcementPoint,
          denials: [{ record, task, template: templateFor(decider().plane, record) }],
          isBulk: false,
          requested: {},
          ...(justification === undefined ? {} : { justification }),
        });
        return asAsked(made);
      } catch (error) {
        // Then it is denied as if nobody could be asked.
        if (error instanceof TooManyRequests) return undefined;
        throw error;
      }
    },
    async settled(id, ms, signal) {
      return asAsked(await requests.settled(id, ms, signal));
    },
  };
  return {
    requests,
    links,
    desk,
    async close() {
      clearInterval(timer);
      await running;
      channels.close();
    },
  };
}

function asAsked(task: AccessTask): AskedFor {
  return { id: task.id, status: statusOf(task) };
}

function seenOf({ id, template, step, requested }: AccessTask) {
  return { request: id, template, step, emergency: requested.emergency === true };
}

/** What a bundle says of a template; of one that it does not name, what it says of `default`. */
function templateOf({ templates }: AccessYaml, name: string): Template {
  const known = Object.hasOwn(templates, name) ? name : 'default';
  const { title, ask, quorum, escalate, expires, lifetimes, notify, emergency } = templates[known] ?? DEFAULT_TEMPLATE;
  return {
    name: known,
    title,
    ask,
    quorum,
    notify,
    expires: millisecondsOf(expires),
    escalate: escalate.map((step) => ({ after: millisecondsOf(step.after), ask: step.ask })),
    lifetimes: {
      once: millisecondsOf(lifetimes.once),
      task: millisecondsOf(lifetimes.task),
      until: millisecondsOf(lifetimes.until),
    },
    emergency: emergency && { for: millisecondsOf(emergency.for), notify: emergency.notify },
  };
}

/** People that are named, and those in groups that are; with the address that the registry has of them. */
function peopleIn(asked: readonly string[], { settings, access }: Bundle, decider: Decider): Person[] {
  const { registry } = decider.plane;
  const attributes = Object.values(access.notify).flatMap((one) => (one.to === 'mail' ? [one.address] : []));
  const found = new Map<string, Person>();
  for (const text of asked) {
    const entity = registry.entities.get(parseUid(text) as EntityUid);
    if (entity === undefined) continue;
    for (const one of [entity, ...registry.entities.descendants(entity)]) {
      if (!settings.identities.people.includes(one.type)) continue;
      const address = attributes.map((name) => one.attributes.get(name)).find((value) => typeof value === 'string');
      found.set(uidText(one), { uid: uidText(one), address: address as string | undefined });
    }
  }
  return [...found.values()];
}

function linkOf(links: ApprovalLinks, base: string, approver: string, task: AccessTask): string {
  const expires = Math.floor(Date.parse(task.expiresAt) / 1_000);
  return `${base}/approve/${links.tokenOf({ request: task.id, approver, expires })}`;
}

type NewDelivery = Omit<Delivery, 'attempts' | 'id'>;

function tellingsOf(
  telling: Telling,
  settings: AccessYaml,
  link: (uid: string, task: AccessTask) => string,
  base: string,
): NewDelivery[] {
  const { task, about } = telling;
  if (about === 'ended') return callbackOf(task, base);
  const told: NewDelivery[] = [];
  for (const name of telling.channels) {
    const channel = settings.notify[name];
    if (channel?.to === 'webhook') {
      const asked = 'people' in telling ? telling.people.map(({ uid }) => uid) : [];
      const body = { event: `access.${about}`, asked, review: `${base}/v1/access-requests/${task.id}`, ...plain(task) };
      told.push({ channel: name, address: channel.url, body: JSON.stringify(body) });
    }
    if (channel?.to !== 'mail' || !('people' in telling)) continue;
    for (const { uid, address } of telling.people)
      if (address !== undefined)
        told.push({ channel: name, address, body: JSON.stringify(mailOf(task, link(uid, task), about)) });
  }
  return told;
}

/** A task as those are told of it that decide on it. */
function plain(task: AccessTask) {
  const { id, template, path, justification, expiresAt, items, step, requested } = task;
  return {
    request: id,
    template,
    step,
    expiresAt,
    path: path.map(uidText),
    ...(justification === undefined ? {} : { justification }),
    ...(requested.emergency === true ? { emergency: true } : {}),
    items: items.map(({ action, resource, policies, decision, status }) => ({
      action: action.name,
      resource: uidText(resource),
      policies,
      decision,
      status,
    })),
  };
}

function mailOf(task: AccessTask, link: string, about: string): Mail {
  const [first] = task.items;
  const what = first === undefined ? '' : `${first.action.name} on ${uidText(first.resource)}`;
  const more = task.items.length > 1 ? ` and ${task.items.length - 1} more` : '';
  const lines = [
    `${uidText(task.path[task.path.length - 1] as EntityUid)} asks for ${what}${more}, for ${uidText(task.path[0] as EntityUid)}.`,
    ...(about === 'escalated' ? ['Nobody who was asked before has answered.'] : []),
    ...(task.justification === undefined ? [] : ['', `They say: ${task.justification}`]),
    '',
    ...task.items.flatMap(({ policies }) =>
      policies.map(({ policy, reason }) => `Stopped by ${policy}${reason === undefined ? '' : `: ${reason}`}`),
    ),
    '',
    'See all of it, and decide:',
    link,
    '',
    `The link is for you alone. Until ${task.expiresAt}; after that it is denied.`,
  ];
  return { subject: `Approval asked: ${what}${more}`, text: lines.join('\n') };
}

/** What the caller is told that asked to be called back. It is a notice: the result is fetched (profile, "Callback Completion"). */
function callbackOf(task: AccessTask, base: string): NewDelivery[] {
  const { callback } = task;
  const { task: told } = requestView(task, base);
  if (callback === undefined || callback.events?.includes(told.status) === false) return [];
  const body = { ...(callback.state === undefined ? {} : { state: callback.state }), task: told };
  return [{ channel: CALLBACK, address: callback.endpoint, body: JSON.stringify(body) }];
}

/** The channels of the bundle that is served; made anew when another is. */
class Channels {
  private of: AccessYaml | undefined;
  private made = new Map<string, Channel>();

  constructor(
    private readonly settings: () => AccessYaml,
    private readonly clock: () => Date,
  ) {}

  find(name: string): Channel | undefined {
    const now = this.settings();
    if (now !== this.of) {
      this.close();
      this.of = now;
    }
    let channel = this.made.get(name);
    if (channel === undefined) {
      channel = this.make(name, now);
      if (channel !== undefined) this.made.set(name, channel);
    }
    return channel;
  }

  close(): void {
    for (const channel of this.made.values()) channel.close();
    this.made = new Map();
  }

  private make(name: string, { notify, callbacks }: AccessYaml): Channel | undefined {
    if (name === CALLBACK) {
      if (callbacks.secret === undefined) return undefined;
      return new Webhook(environmentText(callbacks.secret, 'callbacks.secret'), this.clock);
    }
    const declared = notify[name];
    if (declared === undefined) return undefined;
    const text = (value: string): string => environmentText(value, `notify.${name}`);
    if (declared.to === 'webhook') return new Webhook(text(declared.secret), this.clock);
    return new MailChannel(text(declared.server), declared.from);
  }
}
