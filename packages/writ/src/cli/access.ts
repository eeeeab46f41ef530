import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { readTextFile } from '../lib/text-file.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { AccessFlagsError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';

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

/** `writ requests`: what somebody has to decide, or one of them with the whole chain. */
export async function showRequests(
  id: string | undefined,
  flags: Flags & { readonly all?: boolean },
): Promise<ExitCode> {
  if (id !== undefined) {
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
  const which = flags.all === true ? 'all' : 'open';
  const { requests } = await askService<{
    requests: RequestView[];
  }>(flags, 'GET', `/v1/access-requests?which=${which}`);
  if (flags.json === true) printJson(requests);
  else if (requests.length === 0) print(which === 'open' ? 'nobody is waiting for an approval' : 'nobody has asked');
  else print(requests.map((one) => requestLines(one).join('\n')).join('\n\n'));
  return EXIT.ok;
}

function requestLines({ id, status, path, items, votes, quorum, justification, expiresAt }: RequestView): string[] {
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
}

/** `writ approve` and `writ deny`: decides a request. */
export async function decideRequest(verdict: 'approve' | 'deny', id: string, flags: ApproveFlags): Promise<ExitCode> {
  const { as, token, reason, forTask, until, anyArguments } = flags;
  if (forTask === true && until !== undefined)
    throw new AccessFlagsError('it is for the task or until a time', 'leave out --for-task or --until');
  const who = token === undefined ? { as } : { token: readFileSync(token, 'utf8').trim() };
  const uses = forTask === true ? 'task' : until === undefined ? 'once' : 'until';
  const scope = verdict === 'deny' ? {} : { uses, ...(until && { until }), ...(anyArguments && { anyArguments }) };
  const path = `/v1/access-requests/${encodeURIComponent(id)}/${verdict}`;
  const done = await askService<RequestView>(flags, 'POST', path, { ...who, reason, ...scope });
  if (flags.json === true) printJson(done);
  else print(requestLines(done).join('\n'));
  return EXIT.ok;
}

/** `writ approvals`: lists approvals. */
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

/** `writ end-approval`: ends an approval. */
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

/** `writ request`: evaluates a request and, if a denial can be lifted, asks for approval. */
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
