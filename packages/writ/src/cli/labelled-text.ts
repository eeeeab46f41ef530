import pc from 'picocolors';
import { shownLabel, shownReaders } from '../ledger/flow/readers.js';
import { visibleLine } from '../lib/visible-text.js';
import type { CountedAnswer } from './counted-answer.js';
import type { LabelCause, Labelled, LabelledLeaf } from './labelled-answer.js';
import { count } from './output.js';

const MAX_PATH = 44;
const MAX_VALUE = 36;
const MAX_NAME = 120;
/** The most lines of one answer that a person looks through. */
const MAX_ROWS = 200;
/** The values of a group that are shown; the rest is past the end of the column. */
const SHOWN_VALUES = 8;

/** Values that are shown on one line: at like places, with the same labels of the same causes. */
interface Group {
  readonly place: string;
  readonly leaves: LabelledLeaf[];
  /** Whether the values are names of members. */
  readonly isNames: boolean;
}

/**
 * Returns the text of a labelled answer for a terminal. All of it that comes from the answer is foreign text.
 *
 * @param each whether each value has a line of its own
 */
export function labelText(answer: Labelled, each: boolean): string {
  const { task, tool, action, isDescribed, leaves, counts = [] } = answer;
  const mapped = action === tool ? '' : ` as ${visibleLine(action, MAX_NAME)}`;
  const name = `${pc.bold(visibleLine(tool, MAX_NAME))}${mapped}`;
  const heading = task === undefined ? name : `${visibleLine(task, MAX_NAME)}  ${name}`;
  const undescribed = isDescribed ? '' : `  ${pc.yellow('tools.yaml does not describe it')}`;
  const groups = groupsOf(leaves, each);
  const rows = groups.slice(0, each ? undefined : MAX_ROWS).map(rowOf);
  const left = groups.length - rows.length;
  const more = left === 0 ? [] : [pc.dim(` and ${count(left, 'more line')}, with --each or --json`)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([place = '', value = '', labels = '', by = '']) =>
    [
      ` ${place.padEnd(widths[0] ?? 0)}`,
      pc.dim(value.padEnd(widths[1] ?? 0)),
      pc.cyan(labels.padEnd(widths[2] ?? 0)),
      by.startsWith('no rule') ? pc.yellow(by) : by,
    ].join('  '),
  );
  return [
    `${heading}${undescribed}`,
    ...lines,
    ...more,
    `  ${pc.dim(summaryOf(answer))}`,
    ...counts.map(countText),
  ].join('\n');
}

function countText({ accumulator, amount, why }: CountedAnswer): string {
  const value = amount === undefined ? 'nothing' : visibleLine([amount].flat().join(', '), MAX_NAME);
  return `  counts ${value} in ${accumulator}${why === undefined ? '' : `: ${visibleLine(why, MAX_NAME)}`}`;
}

function groupsOf(leaves: readonly LabelledLeaf[], each: boolean): (Group & { readonly all: number })[] {
  const containers = containersIn(leaves);
  const groups = new Map<string, Group>();
  const all = new Map<string, number>();
  for (const [i, leaf] of leaves.entries()) {
    const isNames = containers.has(leaf.at) && typeof leaf.value === 'string';
    const place = `${isNames ? 'names in ' : ''}${each ? leaf.at : leaf.at.replace(/\[\d+\]/g, '[*]')}`;
    all.set(place, (all.get(place) ?? 0) + 1);
    const key = each ? String(i) : JSON.stringify([place, leaf.labels, leaf.kind, leaf.isName, leaf.by]);
    const group = groups.get(key) ?? { place, leaves: [], isNames };
    group.leaves.push(leaf);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ ...group, all: all.get(group.place) ?? 0 }));
}

/** Returns the places of records: a value there is the name of a member. */
function containersIn(leaves: readonly LabelledLeaf[]): ReadonlySet<string> {
  const containers = new Set<string>();
  for (const { at } of leaves) {
    // Of the innermost record alone: those around it have names of their own.
    const end = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
    for (let to = end; to > 0; to = Math.max(at.lastIndexOf('.', to - 1), at.lastIndexOf('[', to - 1))) {
      const before = at.slice(0, to);
      if (containers.has(before)) break;
      containers.add(before);
    }
  }
  return containers;
}

function rowOf({ place, leaves, isNames, all }: ReturnType<typeof groupsOf>[number]): string[] {
  const [first] = leaves as [LabelledLeaf];
  const isAlone = leaves.length === 1;
  const shown = isAlone && !isNames ? first.at : place;
  const many = isAlone ? '' : leaves.length === all ? ` (${all})` : ` (${leaves.length} of ${all})`;
  const values = [...new Set(leaves.map(({ value }) => JSON.stringify(value)))].slice(0, SHOWN_VALUES).join(', ');
  const { integrity, confidentiality, names, readers } = first.labels;
  const forWhom = readers === undefined ? [] : [shownReaders(readers)];
  const kind = first.kind === undefined ? [] : [`kind ${first.kind}`];
  const name = first.isName === true && !isNames ? ['name'] : [];
  return [
    `${visibleLine(shown, MAX_PATH)}${many}`,
    visibleLine(values, MAX_VALUE),
    visibleLine([integrity, confidentiality, ...forWhom, ...names, ...kind, ...name].join(' '), MAX_NAME),
    causesText(first),
  ];
}

function causesText({ by, labels: { integrity, confidentiality } }: LabelledLeaf): string {
  if (by.length === 0) return 'no rule';
  const given = new Set(by.flatMap((cause) => ('gives' in cause ? cause.gives : [])));
  const isLowered = by.some((cause) => 'store' in cause || 'argument' in cause || ('failed' in cause && cause.failed));
  const missing = [
    ...(given.has('integrity') ? [] : [integrity]),
    ...(given.has('confidentiality') ? [] : [confidentiality]),
  ];
  const rest = missing.length === 0 || isLowered ? [] : [`no rule for ${missing.join(' ')}`];
  return [...by.flatMap(causeText), ...rest].join('; ');
}

function causeText(cause: LabelCause): string[] {
  if ('detector' in cause) return [`detector ${cause.detector}`];
  if ('store' in cause) return [`store ${cause.store} (${shownLabels(cause.labels)})`];
  if ('argument' in cause)
    return [`repeats ${cause.argument === '' ? 'an argument' : visibleLine(cause.argument, MAX_PATH)}`];
  const { rule, line, gives, failed } = cause;
  const where = line === undefined ? '' : ` (tools.yaml:${line})`;
  if (failed) return [`${rule}${where}: its condition could not be worked out`];
  return gives.length === 0 ? [] : [`${rule}${where}`];
}

function shownLabels(labels: readonly string[]): string {
  return [...new Set(labels.map(shownLabel))].join(', ');
}

function summaryOf({ leaves, adds, isOpaque }: Labelled): string {
  const unruled = leaves.filter(({ by }) => by.every((cause) => !('rule' in cause))).length;
  return [
    leaves.length === 0 ? 'nothing to label' : count(leaves.length, 'value'),
    ...(unruled === 0 ? [] : [`${unruled} that no rule reaches`]),
    ...(isOpaque ? ['a part that cannot be looked through'] : []),
    adds.length === 0 ? 'the task gets no labels' : `the task gets ${shownLabels(adds)}`,
  ].join('; ');
}
