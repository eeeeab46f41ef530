import { type EntityUid, uidText } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import type { AccessTask } from './access-task.js';
import type { Mail, NotifySettings } from './channels.js';
import { CALLBACK } from './channels.js';
import type { Notice } from './submission.js';
import type { NewDelivery } from './task-store.js';
import { requestView } from './view.js';

/** The settings that notices depend on, in addition to the request. */
interface NoticeSettings {
  readonly channels: NotifySettings;
  /** The address at which people reach the service, without a slash at the end. */
  readonly base: string;
  /** Returns the URL by which one person decides on a request. */
  readonly linkFor: (uid: string, task: AccessTask) => string;
}

/** Returns the deliveries of a notice: mails to people, webhooks, and the callback of the requester. */
export function deliveriesOf(notice: Notice, { channels, base, linkFor }: NoticeSettings): NewDelivery[] {
  const { task, about } = notice;
  if (about === 'ended') return callbackOf(task, base);
  const people = 'people' in notice ? notice.people : [];
  return notice.channels.flatMap((name): NewDelivery[] => {
    const channel = channels[name];
    switch (channel?.to) {
      case 'webhook': {
        const asked = people.map(({ uid }) => uid);
        const review = `${base}/v1/access-requests/${task.id}`;
        const body = { event: `access.${about}`, asked, review, ...summaryOf(task) };
        return [{ channel: name, address: channel.url, body: JSON.stringify(body) }];
      }
      case 'mail':
        return people.flatMap(({ uid, address }) =>
          address === undefined
            ? []
            : [{ channel: name, address, body: JSON.stringify(mailOf(task, linkFor(uid, task), about)) }],
        );
      default:
        return [];
    }
  });
}

/** A request as a webhook shows it. */
function summaryOf({ id, template, path, justification, expiresAt, items, step, requested }: AccessTask) {
  return {
    request: id,
    template,
    step,
    expiresAt,
    path: path.map(uidText),
    ...defined({ justification }),
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
  const requester = uidText(task.path[task.path.length - 1] as EntityUid);
  const originator = uidText(task.path[0] as EntityUid);
  const lines = [
    `${requester} asks for ${what}${more}, for ${originator}.`,
    ...(about === 'escalated' ? ['The people asked before have not answered.'] : []),
    ...(task.justification === undefined ? [] : ['', `They say: ${task.justification}`]),
    '',
    ...task.items.flatMap(({ policies }) =>
      policies.map(({ policy, reason }) => `Stopped by ${policy}${reason === undefined ? '' : `: ${reason}`}`),
    ),
    '',
    'See the whole request, and decide:',
    link,
    '',
    `The link is for you alone. It is valid until ${task.expiresAt}; the request is then denied.`,
  ];
  return { subject: `Approval asked: ${what}${more}`, text: lines.join('\n') };
}

/** The callback is a notice; its receiver fetches the result (profile, "Callback Completion"). */
function callbackOf(task: AccessTask, base: string): NewDelivery[] {
  const { callback } = task;
  const { task: shown } = requestView(task, base);
  if (callback === undefined || callback.events?.includes(shown.status) === false) return [];
  const body = { ...defined({ state: callback.state }), task: shown };
  return [{ channel: CALLBACK, address: callback.endpoint, body: JSON.stringify(body) }];
}
