import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { AccessRequests } from '../../access/access-requests.js';
import { type AccessTask, statusOf } from '../../access/access-task.js';
import { AccessRequestError, ApproverError } from '../../access/errors.js';
import type { ApprovalLinks } from '../../access/links.js';
import type { Voting } from '../../access/submission.js';
import { htmlText } from '../../lib/html-text.js';
import type { Reply } from '../http/reply.js';
import { type Route, route } from '../http/route.js';
import { type AlikeCalls, alikeCalls } from './alike.js';
import { type ChainParts, chainOf } from './chain.js';

export interface ApprovalPageParts extends ChainParts {
  readonly links: ApprovalLinks;
  readonly requests: AccessRequests;
  readonly clock: () => Date;
}

const HTML = 'text/html; charset=utf-8';
/** The page fetches and runs nothing, cannot be framed, and sends no referrer. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const formShape = z.object({
  verdict: z.enum(['approve', 'deny']),
  reason: z.string().trim().min(1, 'say why').max(4_096),
  /** Until a time is for who sees the whole of what they do, by the API. */
  uses: z.enum(['once', 'task']).default('once'),
  /** The list of like calls that the page had; empty for the one call. */
  list: z.string().max(64).default(''),
});

/** The page of an approval link, which one person received. GET changes nothing: mail scanners open links too. */
export function approvalPageRoutes(parts: ApprovalPageParts): Route[] {
  const { links, requests, clock } = parts;
  const opened = async (token: string): Promise<{ task: AccessTask; approver: string } | undefined> => {
    const link = links.read(token, clock());
    if (link === undefined) return undefined;
    try {
      return { task: await requests.find(link.request), approver: link.approver };
    } catch (error) {
      if (error instanceof AccessRequestError) return undefined;
      throw error;
    }
  };
  const answer = (reply: Reply, status: number, title: string, body: string): string => {
    reply
      .code(status)
      .type(HTML)
      .header('Content-Security-Policy', POLICY)
      .header('Referrer-Policy', 'no-referrer')
      .header('Cache-Control', 'no-store')
      .header('X-Content-Type-Options', 'nosniff');
    return page(title, body);
  };
  const ofList = async (id: string, list: string, voting: Omit<Voting, 'items'>): Promise<AccessTask> =>
    (await requests.voteOnList(id, list, voting)).find((one) => one.id === id) as AccessTask;
  const gone = (reply: Reply): string =>
    answer(reply, 410, 'Not any more', '<p>The link is not good any more: it was decided, or too late.</p>');
  return [
    route({
      method: 'GET',
      url: '/approve/:token',
      operationId: 'openApprovalLink',
      tag: 'Administration',
      summary: 'Open an approval link: the request, and a form',
      access: { kind: 'open' },
      answers: {
        200: { description: 'A page', contentType: HTML },
        410: { description: 'The link is not valid any more', contentType: HTML },
      },
      async handle({ params, reply }) {
        const found = await opened(params.token ?? '');
        if (found === undefined) return gone(reply);
        const { task, approver } = found;
        const isOpen = statusOf(task) === 'pending' && !task.votes.some((vote) => vote.approver === approver);
        if (!isOpen) return gone(reply);
        const alike = await alikeCalls(await requests.alikeTo(task), parts.reader);
        return answer(reply, 200, 'Approval asked', formOf(task, approver, await chainOf(task, parts), alike));
      },
    }),
    route({
      method: 'POST',
      url: '/approve/:token',
      operationId: 'decideByLink',
      tag: 'Administration',
      summary: 'Approve or deny by an approval link',
      access: { kind: 'open' },
      body: formShape,
      bodyType: 'form',
      answers: {
        200: { description: 'The vote is counted', contentType: HTML },
        403: { description: 'The person may not decide this', contentType: HTML },
        410: { description: 'The link is not valid any more', contentType: HTML },
      },
      async handle({ params, body, reply }) {
        const found = await opened(params.token ?? '');
        const approver = found && parseUid(found.approver);
        if (found === undefined || approver === undefined) return gone(reply);
        const { verdict, reason, uses, list } = body;
        const voting = { approver, verdict, reason, via: 'link', scope: { uses } } as const;
        const { id } = found.task;
        try {
          const task = list === '' ? await requests.vote(id, voting) : await ofList(id, list, voting);
          const status = statusOf(task);
          const more = status === 'pending' ? ' Others have to say so too.' : '';
          return answer(reply, 200, 'Thank you', `<p>The request is ${htmlText(status)}.${more}</p>`);
        } catch (error) {
          if (error instanceof AccessRequestError) return gone(reply);
          if (!(error instanceof ApproverError)) throw error;
          return answer(reply, 403, 'Not permitted', `<p>${htmlText(error.message)}</p>`);
        }
      },
    }),
  ];
}

function formOf(task: AccessTask, approver: string, chain: readonly string[], alike: AlikeCalls | undefined): string {
  const rows = task.items.map(
    ({ action, resource, policies }) =>
      `<li><b>${htmlText(action.name)}</b> on ${htmlText(uidText(resource))}<br>${policies
        .map(({ policy, reason }) => htmlText(reason ?? policy))
        .join('<br>')}</li>`,
  );
  const said = task.justification === undefined ? '' : `<p>They say: <q>${htmlText(task.justification)}</q></p>`;
  return `<p>You decide as <b>${htmlText(approver)}</b>. Asked through ${htmlText(task.path.map(uidText).join(', '))}.</p>
<ul>${rows.join('')}</ul>${said}
<form method="post">
${alike === undefined ? '' : listOf(task, alike)}
<label>Why <input name="reason" required maxlength="4096" size="60"></label>
<p><label><input type="radio" name="uses" value="once" checked> this once</label>
<label><input type="radio" name="uses" value="task"> the same again in this task</label></p>
<p><button name="verdict" value="approve">Approve</button> <button name="verdict" value="deny">Deny</button></p>
</form>
${chain.map((one) => `<pre>${htmlText(one)}</pre>`).join('')}`;
}

/** Returns the like calls that wait, and the choice whether all of them are decided. */
function listOf({ id }: AccessTask, { list, calls }: AlikeCalls): string {
  const rows = calls.map(
    (one) => `<li>${htmlText(JSON.stringify(one.values))}${one.id === id ? ' (this call)' : ''}</li>`,
  );
  return `<p>Like calls of this task wait too. They differ in:</p><ul>${rows.join('')}</ul>
<p><label><input type="radio" name="list" value="" checked> decide this call alone</label>
<label><input type="radio" name="list" value="${htmlText(list)}"> decide all ${calls.length} calls</label></p>`;
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${htmlText(title)} - Writ</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;background:#f4f4f4;padding:1rem}button{font:inherit;padding:.3rem 1rem}</style>
<h1>${htmlText(title)}</h1>${body}</html>`;
}
