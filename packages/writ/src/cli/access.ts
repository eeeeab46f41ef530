import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { runsOf } from '../lib/runs.js';
import { readTextFile } from '../lib/text-file.js';
import { visibleLine } from '../lib/visible-text.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { AccessFlagsError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';
import { shellWord } from './shell-word.js';
import { timeAhead } from './time-ahead.js';

/** The most characters of the values of one call in a list. */
const MAX_VALUES = 400;

type Flags = ServiceFlags & { readonly json?: boolean };

interface RequestView {
  readonly id: string;
  readonly status: string;
  readonly template: string;
  readonly step: number;
  readonly quorum: number;
  readonly path: readonly string[];
  readonly justification?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly items: readonly {
    readonly action: string;
    readonly resource: string;
    readonly status: string;
    readonly decision: string;
    readonly policies: readonly { readonly policy: string; readonly reason?: string }[];
  }[];
  readonly votes: readonly { readonly approver: string; readonly verdict: string; readonly reason: string }[];
  readonly chain?: readonly string[];
  readonly like?: string;
  readonly list?: string;
  readonly calls?: readonly { readonly id: string; readonly values: Readonly<Record<string, unknown>> }[];
  /** Why nobody can approve it now. */
  readonly unapprovable?: string;
}

interface ApprovalView {
  readonly id: string;
  readonly action: string;
  readonly resource: string;
  readonly path: readonly string[];
  readonly uses: string;
  readonly arguments: string;
  readonly approvers: readonly string[];
  readonly reason: string;
  readonly emergency?: true;
  readonly consent?: true;
  readonly approvedUntil: string;
  readonly state: string;
}

function unapprovableLines({ unapprovable }: RequestView): string[] {
  return unapprovable === undefined ? [] : [pc.yellow(`  nobody can approve this: ${unapprovable}`)];
}

/** `writ request list`: lists the requests that somebody has to decide. */
export async function listRequests(flags: Flags & { readonly all?: boolean }): Promise<ExitCode> {
  const which = flags.all === true ? 'all' : 'open';
  const { requests } = await askService<{
    requests: RequestView[];
  }>(flags, 'GET', `/v1/access-requests?which=${which}`);
  if (flags.json === true) printJson(requests);
  else if (requests.length === 0) print(which === 'open' ? 'nobody is waiting for an approval' : 'nobody has asked');
  else print(requestBlocks(questionsIn(requests)));
  return EXIT.ok;
}

/** `writ request show`: shows a request with the decisions that led to it. */
export async function showRequest(id: string, flags: Flags): Promise<ExitCode> {
  const one = await askService<RequestView>(flags, 'GET', `/v1/access-requests/${encodeURIComponent(id)}`);
  if (flags.json === true) printJson(one);
  else
    print(
      [
        ...requestLines(one),
        ...unapprovableLines(one),
        ...(one.chain ?? []).flatMap((text) => ['', ...text.split('\n')]),
      ].join('\n'),
    );
  return EXIT.ok;
}

/** Returns requests without those that are on the list of another. */
function questionsIn(requests: readonly RequestView[]): readonly RequestView[] {
  const listed = new Set(
    requests.flatMap(({ id, calls = [] }) => calls.map((one) => one.id).filter((one) => one !== id)),
  );
  return requests.filter(({ id }) => !listed.has(id));
}

/** Returns the lines for the like calls that wait. */
function listLines({ list, calls = [] }: RequestView): string[] {
  if (list === undefined) return [];
  const width = Math.max(...calls.map(({ id }) => id.length));
  return [
    `  ${count(calls.length, 'like call')} of this task, list ${pc.bold(list)}:`,
    ...calls.map(({ id, values }) => `    ${id.padEnd(width)}  ${visibleLine(JSON.stringify(values), MAX_VALUES)}`),
    `  All of them with --list ${list}, some with their ids`,
  ];
}

/** Returns a block for each request. Those in a row that ask for the same kind of thing are one, with the others' ids. */
function requestBlocks(requests: readonly RequestView[]): string {
  const looks = ({ status, path, items, template }: RequestView): string =>
    JSON.stringify([status, path, template, items.map(({ action, policies }) => [action, policies])]);
  let at = 0;
  return runsOf(requests, looks)
    .map(({ first, count: size }) => {
      const others = requests.slice(at + 1, at + size).map(({ id }) => id);
      at += size;
      const more = others.length === 0 ? [] : [`  and ${others.length} more like it: ${shownIds(others)}`];
      // The record alone has the arguments: nobody should approve a call without a look at them.
      const hint = first.status === 'pending' && first.list === undefined;
      return [
        ...requestLines(first),
        ...(hint ? [`  its arguments: writ request show ${first.id}`] : []),
        ...more,
      ].join('\n');
    })
    .join('\n\n');
}

/** The most ids that are listed of requests that are alike. */
const MAX_IDS = 4;

function shownIds(ids: readonly string[]): string {
  const left = ids.length - MAX_IDS;
  return [...ids.slice(0, MAX_IDS), ...(left > 0 ? [`… (${left} more: --json)`] : [])].join(' ');
}

function requestLines(request: RequestView): string[] {
  const { id, status, path, items, votes, quorum, justification, expiresAt } = request;
  const [originator, ...through] = path;
  const actor = through[through.length - 1];
  const who = actor === undefined ? `${originator}` : `${actor}, for ${originator}`;
  return [
    `${pc.bold(id)}  ${statusText(status)}${status === 'pending' ? ` until ${expiresAt}` : ''}`,
    `  ${who}, asks to`,
    ...items.flatMap(({ action, resource, policies }) => [
      `    ${action} on ${resource}`,
      ...policies.map(({ policy, reason }) => `      stopped by ${policy}${reason === undefined ? '' : `: ${reason}`}`),
    ]),
    ...listLines(request),
    ...(justification === undefined ? [] : [`  They say: ${justification}`]),
    ...votes.map(({ approver, verdict, reason }) => `  ${approver} said ${verdict}: ${reason}`),
    ...(status === 'pending' && quorum > 1 ? [`  ${count(quorum, 'person', 'people')} must approve`] : []),
  ];
}

function statusText(status: string): string {
  if (status === 'approved') return pc.green(status);
  return status === 'pending' ? pc.yellow(status) : pc.red(status);
}

export interface ApproveFlags extends Flags {
  readonly as?: string;
  readonly token?: string;
  readonly reason: string;
  readonly forTask?: boolean;
  readonly until?: string;
  readonly anyArguments?: boolean;
  readonly list?: string;
}

/** `writ request approve` and `writ request deny`: decides requests, one after the other, or a list of like calls whole. */
export async function decideRequest(
  verdict: 'approve' | 'deny',
  ids: readonly string[],
  flags: ApproveFlags,
): Promise<ExitCode> {
  const { as, token, reason, forTask, until, anyArguments, list } = flags;
  if (list !== undefined && ids.length > 1)
    throw new AccessFlagsError('a list is decided whole', 'name one request of it, or several without --list');
  if (forTask === true && until !== undefined)
    throw new AccessFlagsError('it is for the task or until a time', 'leave out --for-task or --until');
  const who = token === undefined ? { as } : { token: readFileSync(token, 'utf8').trim() };
  const uses = forTask === true ? 'task' : until === undefined ? 'once' : 'until';
  const scope =
    verdict === 'deny'
      ? {}
      : { uses, ...(until !== undefined && { until: timeAhead(until) }), ...(anyArguments && { anyArguments }) };
  const done: RequestView[] = [];
  for (const id of ids) {
    const path = `/v1/access-requests/${encodeURIComponent(id)}/${verdict}`;
    done.push(await askService<RequestView>(flags, 'POST', path, { ...who, reason, ...scope, ...(list && { list }) }));
  }
  if (flags.json === true) printJson(done.length === 1 ? done[0] : done);
  else {
    print(done.map((one) => requestLines(one).join('\n')).join('\n\n'));
    if (verdict === 'approve' && done.some(({ status }) => status === 'approved')) print(`\n${reachText(uses, done)}`);
  }
  return EXIT.ok;
}

/** Returns what an approval is for, and how something can be permitted for longer. */
function reachText(uses: 'once' | 'task' | 'until', [request]: readonly RequestView[]): string {
  if (uses === 'until') return 'It holds in every task until then.';
  const { path = [] } = request ?? {};
  const agent = shellWord(path[path.length - 1] ?? 'Agent::"…"');
  return [
    uses === 'once'
      ? 'It holds for one such call of this task; a new session is a new task, and asks again.'
      : 'It holds for this task; a new session is a new task, and asks again.',
    `To let it last: approve with ${uses === 'once' ? '--for-task, or ' : ''}--until 8h; or give a role for which a policy permits it:`,
    `  writ identity grant add ${agent} --in 'Role::"…"' --for 8h --purpose TEXT`,
  ].join('\n');
}

/** `writ request approval list`: lists approvals. */
export async function listApprovals(flags: Flags): Promise<ExitCode> {
  const { approvals } = await askService<{ approvals: ApprovalView[] }>(flags, 'GET', '/v1/approvals');
  if (flags.json === true) printJson(approvals);
  else print(approvals.length === 0 ? 'nothing is approved' : approvals.map(approvalLine).join('\n'));
  return EXIT.ok;
}

const USES: Readonly<Record<string, string>> = { once: 'once', task: 'in its task', until: 'in any task' };

function approvalLine(one: ApprovalView): string {
  const { id, action, resource, path, uses, approvers, reason, approvedUntil, state, emergency, consent } = one;
  const who = approvers.join(' and ');
  const by = emergency === true ? pc.red('nobody: an emergency') : consent === true ? `consent of ${who}` : who;
  const what = `${action} on ${resource}${one.arguments === 'any' ? ', with any arguments' : ''}`;
  return `${id}  ${state}  ${path.join(' > ')} may ${what}, ${USES[uses]}, until ${approvedUntil}; by ${by}: ${reason}`;
}

/** `writ request approval end`: ends an approval. */
export async function endApproval(id: string, flags: Flags & { readonly reason: string }): Promise<ExitCode> {
  const path = `/v1/approvals/${encodeURIComponent(id)}?${new URLSearchParams({ reason: flags.reason })}`;
  const ended = await askService<ApprovalView>(flags, 'DELETE', path);
  if (flags.json === true) printJson(ended);
  else print(approvalLine(ended));
  return EXIT.ok;
}

export interface RequestFlags extends Flags {
  readonly justification?: string;
  readonly emergency?: boolean;
  readonly wait?: boolean;
}

interface Denied {
  readonly decision: boolean;
  readonly context?: { readonly evaluation_id?: string; readonly access_request?: { readonly expires_at: string } };
}
interface Task {
  readonly task: { readonly id: string; readonly status: string };
}

const POLL_MS = 2_000;

/** `writ request add`: evaluates a request and, if a denial can be lifted, asks for approval. */
export async function requestAccess(file: string, flags: RequestFlags): Promise<ExitCode> {
  const asked = JSON.parse(readTextFile(file)) as Record<string, unknown>;
  const answer = await askService<Denied>(flags, 'POST', '/access/v1/evaluation', asked);
  if (answer.decision) {
    print('it is permitted: there is nothing to ask for');
    return EXIT.ok;
  }
  const { evaluation_id: id, access_request: hint } = answer.context ?? {};
  if (hint === undefined) throw new AccessFlagsError('it is denied, and nobody can lift that', `see writ explain`);
  const { justification, emergency } = flags;
  const added = justification === undefined ? {} : { business_justification: justification };
  const submission = {
    ...asked,
    context: { ...(asked.context as object | undefined), ...added },
    denial: { evaluation_id: id, expires_at: hint.expires_at },
    ...(emergency === true ? { requested_access: { emergency: true } } : {}),
  };
  let view = await askService<Task>(flags, 'POST', '/access/v1/requests', submission);
  while (flags.wait === true && view.task.status === 'pending') {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    view = await askService<Task>(flags, 'GET', `/access/v1/requests/${view.task.id}`);
  }
  if (flags.json === true) printJson(view);
  else print(`${view.task.id}  ${statusText(view.task.status)}`);
  return view.task.status === 'pending' || view.task.status === 'approved' ? EXIT.ok : EXIT.failed;
}
