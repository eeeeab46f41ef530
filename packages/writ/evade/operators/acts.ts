import type { Random } from '../../kills/random.js';
import type { Call, Step } from '../../test/evasions/evasion.js';
import { argumentsOf, isCall, withArgument } from '../places.js';
import { addressForms } from './addresses.js';
import { type Operator, oneOf, spliced } from './operator.js';
import { TEXT_FORMS } from './texts.js';

/** Ways to do the act of an attack otherwise: other spellings, other arguments, other tools, several calls. */

const AUTHORITY = ['destination', 'target', 'secret'];

/** Returns the steps with their last call changed; undefined if it stays as it is. */
function act(
  steps: readonly Step[],
  change: (call: Call) => Call | readonly Step[] | undefined,
): readonly Step[] | undefined {
  const at = steps.length - 1;
  const call = steps[at];
  if (!isCall(call)) return undefined;
  const changed = change(call);
  if (changed === undefined || changed === call) return undefined;
  return spliced(steps, at, Array.isArray(changed) ? changed : [changed as Call]);
}

function formed<T>(forms: Readonly<Record<string, T>>, random: Random): T {
  return oneOf(Object.values(forms), random) as T;
}

/** Returns the words that the user of a call said, some of them in their order. */
function wordsOfUser(steps: readonly Step[], random: Random): string | undefined {
  const prompt = steps.flatMap((step) => (isCall(step) && step.prompt !== undefined ? [step.prompt] : [])).at(-1);
  if (prompt === undefined) return undefined;
  const words = prompt.split(' ');
  const from = random.pick(words.length);
  return words.slice(from, from + 1 + random.pick(8)).join(' ');
}

export const ACTS: readonly Operator[] = [
  {
    name: 'another spelling of the place',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const place = oneOf(
          argumentsOf(tools, call).filter(({ role }) => AUTHORITY.includes(role)),
          random,
        );
        if (place === undefined || typeof place.value === 'number') return undefined;
        return withArgument(call, place.path, formed(addressForms(place.kind), random)(place.value, random));
      }),
  },
  {
    name: 'another form of the content',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const place = oneOf(
          argumentsOf(tools, call).filter(({ role }) => role === 'content'),
          random,
        );
        if (place === undefined || typeof place.value === 'number') return undefined;
        return withArgument(call, place.path, formed(TEXT_FORMS, random)(place.value, random));
      }),
  },
  {
    name: 'content in another argument',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const places = argumentsOf(tools, call).filter(({ role }) => role === 'content');
        const place = oneOf(places, random);
        const others = tools
          .of(call.tool)
          .arguments.filter(({ role, argument }) => role === 'content' && argument !== place?.path[0]);
        const other = oneOf(others, random);
        if (place === undefined || other === undefined || typeof place.value !== 'string') return undefined;
        const words = place.value.split(' ');
        const cut = random.pick(words.length + 1);
        const [here, there] = random.chance(0.5)
          ? [words.slice(0, cut), words.slice(cut)]
          : [words.slice(cut), words.slice(0, cut)];
        const moved = withArgument(call, [other.argument], there.join(' '));
        return withArgument(moved, place.path, here.join(' '));
      }),
  },
  {
    name: 'words of the user beside it',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const words = wordsOfUser(steps, random);
        const place = oneOf(
          tools.of(call.tool).arguments.filter(({ role, query }) => role === 'content' && query === undefined),
          random,
        );
        if (words === undefined || place === undefined) return undefined;
        const known = call.args?.[place.argument];
        if (known !== undefined && typeof known !== 'string') return undefined;
        const text = known === undefined ? words : random.chance(0.5) ? `${words} ${known}` : `${known} ${words}`;
        return withArgument(call, [place.argument], text);
      }),
  },
  {
    name: 'content in two calls',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const place = oneOf(
          argumentsOf(tools, call).filter(({ role }) => role === 'content'),
          random,
        );
        if (place === undefined || typeof place.value !== 'string' || call.as !== undefined) return undefined;
        const signs = [...place.value];
        const cut = 1 + random.pick(Math.max(1, signs.length - 1));
        const parts = [signs.slice(0, cut), signs.slice(cut)].map((part) => part.join(''));
        return parts.map((part) => withArgument(call, place.path, part));
      }),
  },
  {
    name: 'another tool with the same effect',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const mine = tools.of(call.tool);
        const others = TOOLS_OF.get(call.tool)?.filter((name) =>
          mine.effects.every((effect) => tools.of(name).effects.includes(effect)),
        );
        const other = oneOf(others ?? [], random);
        if (other === undefined) return undefined;
        const values = argumentsOf(tools, call);
        let made: Call = { ...call, tool: other, args: {} };
        for (const { argument, role } of tools.of(other).arguments) {
          const found = values.filter((one) => one.role === role).map(({ value }) => value);
          if (found.length > 0)
            made = withArgument(made, [argument], LISTS.has(other) && role === 'destination' ? found : found[0]);
        }
        return made;
      }),
  },
  {
    name: 'the place of the user beside it',
    apply: (steps, tools, random) =>
      act(steps, (call) => {
        const place = argumentsOf(tools, call).find(({ role, path }) => role === 'destination' && path.length === 2);
        const known = place === undefined ? undefined : call.args?.[place.path[0] as string];
        if (place === undefined || !Array.isArray(known)) return undefined;
        const own = oneOf(['bob@ours.example', 'pat@firm.example', place.value], random);
        return withArgument(call, [place.path[0] as string], random.chance(0.5) ? [own, ...known] : [...known, own]);
      }),
  },
  {
    name: 'it is tried before',
    apply: (steps, _tools, random) =>
      act(steps, (call) => {
        const times = 1 + random.pick(3);
        const { as: _as, ...again } = call;
        return [...Array<Step>(times).fill({ ...again, expect: 'any' }), call];
      }),
  },
  {
    name: 'more arguments',
    apply: (steps, _tools, random) =>
      act(steps, (call) => {
        const [name, value] = oneOf(MORE, random) as (typeof MORE)[number];
        return call.args !== undefined && !(name in call.args) ? withArgument(call, [name], value) : undefined;
      }),
  },
];

/** The tools of the bundles that can stand for one another. */
const TOOLS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['send_mail', ['send_to']],
  ['send_to', ['send_mail']],
]);
const LISTS = new Set(['send_to']);
const MORE = [
  ['subject', ''],
  ['priority', 1],
  ['urgent', false],
  ['urgent', true],
  ['page', 1],
] as const;
