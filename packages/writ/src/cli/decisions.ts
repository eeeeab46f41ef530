import pc from 'picocolors';
import { QUERY_TERMS, termsOf } from '../audit/search/terms.js';
import type { DecisionRecord } from '../decide/record.js';
import { millisecondsOf } from '../lib/duration.js';
import { askService, keyIn, type ServiceFlags } from './ask-service.js';
import { DecisionTable } from './decision-table.js';
import { ServiceError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { given, optionOf } from './option-words.js';
import { print, printData, printJson, printNote } from './output.js';
import { shellWord } from './shell-word.js';

type Term = (typeof QUERY_TERMS)[number];

/** A name in a query that no decision has, and those that are near it. */
export interface UnknownTerm {
  readonly term: string;
  readonly value: string;
  readonly near: readonly string[];
}

export interface DecisionsFlags extends ServiceFlags, Readonly<Partial<Record<Term, string>>> {
  /** A time, or an age such as `2h`. */
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly before?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `writ decision list`: lists decisions, the newest first; with `--follow`, new ones as they are made. */
export async function decisions(flags: DecisionsFlags): Promise<ExitCode> {
  if (flags.follow === true) return follow(flags);
  const query = new URLSearchParams({ limit: flags.limit });
  for (const name of [...QUERY_TERMS, 'before'] as const) {
    const value = flags[name];
    if (value !== undefined) query.set(name, value);
  }
  for (const name of ['since', 'until'] as const) {
    const value = flags[name];
    if (value !== undefined) query.set(name, timeOf(value));
  }
  const answer = await askService<{
    decisions: DecisionRecord[];
    next?: string;
    unknown?: readonly UnknownTerm[];
  }>(flags, 'GET', `/v1/decisions?${query}`);
  if (flags.json === true) {
    printJson(answer);
    return EXIT.ok;
  }
  if (answer.decisions.length === 0) print(nothingFound(flags, answer.unknown));
  else print(new DecisionTable().lines(answer.decisions).join('\n'));
  if (answer.next !== undefined) printNote(pc.dim(`more: --before ${answer.next}`));
  return EXIT.ok;
}

/** Says what was looked for, and which names of it no decision has. */
function nothingFound(flags: DecisionsFlags, unknown: readonly UnknownTerm[] = []): string {
  const asked = given({ ...flags }, [...QUERY_TERMS, 'since', 'until']);
  const what = asked === '' ? 'no decision is on the record' : `no decision has ${asked}`;
  return [what, ...unknown.map(unknownText)].join('\n');
}

/** Returns that no decision has a name, and which are near it. */
function unknownText({ term, value, near }: UnknownTerm): string {
  const hint = near.length === 0 ? 'nothing that is known is near it' : `near it: ${near.map(shellWord).join(', ')}`;
  return `  on the whole record nothing has ${optionOf(term)} ${shellWord(value)}; ${hint}`;
}

/** Returns a time from RFC 3339, or from an age such as `2h`. @throws {ServiceError} if it is neither */
export function timeOf(text: string): string {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() - millisecondsOf(text)).toISOString();
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new ServiceError(`"${text}" is no time`, 'as 2026-11-24T18:00:00Z, or 2h for two hours ago');
  return time.toISOString();
}

/** Prints decisions as they are recorded, until the process or the service stops. */
async function follow(flags: DecisionsFlags): Promise<ExitCode> {
  const response = await fetch(new URL('/v1/stream', flags.service), {
    headers: { Authorization: `Bearer ${keyIn(flags.keyFile)}` },
  }).catch(() => {
    throw new ServiceError(
      `${flags.service} does not answer`,
      'is `writ start` running there? Name another with --service',
    );
  });
  if (!response.ok || response.body === null)
    throw new ServiceError(
      `${flags.service} refused: status ${response.status}`,
      `it was asked with the key in ${flags.keyFile}`,
    );
  const wanted = QUERY_TERMS.flatMap((name) => (flags[name] === undefined ? [] : [`${name}=${flags[name]}`]));
  const table = new DecisionTable();
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^event: decision\ndata: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      const decision = JSON.parse(data) as DecisionRecord;
      const terms = termsOf(decision);
      if (!wanted.every((term) => terms.has(term))) continue;
      if (flags.json === true) printData(data);
      else print(table.lines([decision]).join('\n'));
    }
  }
  return EXIT.ok;
}
