import { uidText } from '@writ/cedar';
import { resultText } from '../audit/explain/verdict.js';
import { asDecided } from '../decide/observing.js';
import type { DecisionRecord } from '../decide/record.js';
import { htmlText } from '../lib/html-text.js';
import { type Holdings, holdingLines } from './holdings.js';

/** A decision of an incident. */
export interface IncidentDecision {
  readonly decision: DecisionRecord;
  readonly outcome: Readonly<Record<string, unknown>> | undefined;
  /** Whether the proof that it is on the record was verified. */
  readonly isProved: boolean;
}

/** All that an incident bundle shows. */
export interface Incident {
  readonly target: string;
  readonly since: string;
  readonly until: string;
  readonly made: string;
  /** The oldest first. */
  readonly decisions: readonly IncidentDecision[];
  /** Whether there are more than these. */
  readonly isCut: boolean;
  readonly holdings: Holdings;
  readonly problems: readonly string[];
}

/** Longer texts are cut in the page; decisions.ndjson has all of them. */
const MAX_TEXT = 500;
const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee}.allow,.modify{color:#060}.deny{color:#a00}.step_up,.defer{color:#850}code{font-size:85%}';

/**
 * Returns the page of an incident: static HTML without scripts, that loads nothing. Every text on it is foreign: arguments of agents,
 * names of tools, reasons.
 */
export function incidentPage(incident: Incident): string {
  const { target, since, until, made, decisions, isCut, holdings, problems } = incident;
  const title = `What ${target} did`;
  const missing = [...problems, ...holdings.unread];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>${htmlText(title)}</title>
<style>${STYLE}</style>
<h1>${htmlText(title)}</h1>
<p>From ${htmlText(since)} to ${htmlText(until)}, written ${htmlText(made)}. ${summaryOf(decisions)}</p>
${isCut ? `<p><b>The oldest decisions are left out</b>: these are the newest ${decisions.length}.</p>` : ''}
${section('Missing', missing)}
${section(
  'Revoked',
  holdings.revocations.map(
    ({ id, kind, target: of, reason, at, by }) => `${kind} ${of}: ${reason}, at ${at} by ${by} (${id})`,
  ),
)}
${section('Holds now', holdingLines(holdings))}
<h2>By action</h2>
${table(['action', 'result', 'number'], countsOf(decisions))}
<h2>Each decision, the oldest first</h2>
<table><tr><th>time<th>result<th>who<th>action<th>arguments<th>why<th>outcome<th>record</tr>
${decisions.map(rowOf).join('\n')}
</table>
</html>
`;
}

function summaryOf(decisions: readonly IncidentDecision[]): string {
  const proved = decisions.filter(({ isProved }) => isProved).length;
  return `${decisions.length} decisions; for ${proved} of them the proof that they are on the record was verified.`;
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<h2>${htmlText(title)}</h2>\n<ul>${lines.map((line) => `<li>${shown(line)}`).join('\n')}</ul>`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((one) => `<th>${htmlText(one)}`).join('');
  return `<table><tr>${head}</tr>\n${rows.map((row) => `<tr>${row.map((cell) => `<td>${shown(cell)}`).join('')}</tr>`).join('\n')}\n</table>`;
}

function countsOf(decisions: readonly IncidentDecision[]): string[][] {
  const counts = new Map<string, { readonly cells: readonly string[]; count: number }>();
  for (const { decision } of decisions) {
    const cells = [decision.request.action.name, resultText(decision)];
    const key = JSON.stringify(cells);
    const known = counts.get(key) ?? { cells, count: 0 };
    known.count += 1;
    counts.set(key, known);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ cells, count }) => [...cells, String(count)]);
}

function rowOf({ decision, outcome, isProved }: IncidentDecision): string {
  const { id, time, request, provenance } = decision;
  const { result, reasons, refusal } = asDecided(decision);
  const path = (provenance?.path ?? [request.subject]).map(uidText).join(' > ');
  const why = [
    ...new Set(reasons.map(({ policy, reason }) => (reason === undefined ? policy : `${policy}: ${reason}`))),
    ...(refusal === undefined ? [] : [refusal.message]),
  ];
  const input = (request.context as Readonly<Record<string, unknown>> | undefined)?.input;
  const cells = [
    shown(time),
    `<span class="${htmlText(result)}">${shown(resultText(decision))}</span>`,
    shown(path),
    `${shown(request.action.name)}<br>${shown(uidText(request.resource))}`,
    input === undefined ? '' : `<code>${shown(JSON.stringify(input))}</code>`,
    why.map(shown).join('<br>'),
    outcome === undefined ? '' : shown(String(outcome.status ?? '')),
    `<code>${shown(id)}</code><br>${isProved ? 'proved' : '<b>no verified proof</b>'}`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}`).join('')}</tr>`;
}

/** Returns a text as HTML, cut if it is long. */
function shown(text: string): string {
  return htmlText(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}
