import type { Step } from '../../test/evasions/evasion.js';
import { isCall, isOfOthers, jsonOf, leavesOf, replaced } from '../places.js';
import { type Operator, oneOf, spliced } from './operator.js';
import { TEXT_FORMS } from './texts.js';

/** Ways in which a stranger writes what the agent reads. */

/** Values that a system gives out or vouches for, so that no stranger chooses how they are written. */
const GIVEN = /^(?:id|id_|sender|reply_to|organizer|participants|email|iban|account|owner)$/;

interface TextPlace {
  readonly at: number;
  /** In the JSON of the answer; undefined if the answer is a text. */
  readonly path: readonly (string | number)[] | undefined;
  readonly text: string;
}

/** Returns the texts that others wrote. */
function textsIn(steps: readonly Step[], isTheirs: (tool: string) => boolean): readonly TextPlace[] {
  return steps.flatMap((step, at): TextPlace[] => {
    if (!isCall(step) || at === steps.length - 1 || !isTheirs(step.tool) || step.result === undefined) return [];
    const json = jsonOf(step.result);
    if (json === undefined) return typeof step.result === 'string' ? [{ at, path: undefined, text: step.result }] : [];
    return leavesOf(json).flatMap(({ path, value }) => {
      const member = path.findLast((one) => typeof one === 'string') ?? '';
      return typeof value === 'string' && !GIVEN.test(String(member)) ? [{ at, path, text: value }] : [];
    });
  });
}

function rewritten(steps: readonly Step[], { at, path }: TextPlace, text: string): readonly Step[] {
  const step = steps[at];
  if (!isCall(step)) return steps;
  const result = path === undefined ? text : JSON.stringify(replaced(jsonOf(step.result), path, text));
  return spliced(steps, at, [{ ...step, result }]);
}

const MEMBERS = ['subject', 'note', 'sender_name', 'preview', 'footer', 'tags', 'attachment'];

export const SOURCES: readonly Operator[] = [
  {
    name: 'another form of the text of a stranger',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsIn(steps, (tool) => isOfOthers(tools.of(tool))),
        random,
      );
      const form = oneOf(Object.values(TEXT_FORMS), random);
      if (place === undefined || form === undefined) return undefined;
      return rewritten(steps, place, form(place.text, random));
    },
  },
  {
    name: 'the text of a stranger in another member',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsIn(steps, (tool) => isOfOthers(tools.of(tool))).filter(({ path }) => path?.at(-1) === 'text'),
        random,
      );
      const step = steps[place?.at ?? -1];
      if (place?.path === undefined || !isCall(step)) return undefined;
      const member = oneOf(MEMBERS, random) as string;
      const value = oneOf<unknown>([place.text, [place.text], { text: place.text }, { [place.text]: 1 }], random);
      const moved = replaced(jsonOf(step.result), [...place.path.slice(0, -1), member], value);
      return spliced(steps, place.at, [{ ...step, result: JSON.stringify(replaced(moved, place.path, 'Hello.')) }]);
    },
  },
  {
    name: 'the text of a stranger in two parts',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsIn(steps, (tool) => isOfOthers(tools.of(tool))).filter(({ path }) => path?.at(-1) === 'text'),
        random,
      );
      const step = steps[place?.at ?? -1];
      if (place?.path === undefined || !isCall(step)) return undefined;
      const words = place.text.split(' ');
      const cut = random.pick(words.length);
      const first = replaced(jsonOf(step.result), place.path, words.slice(0, cut).join(' '));
      const whole = replaced(first, [...place.path.slice(0, -1), 'more'], words.slice(cut).join(' '));
      return spliced(steps, place.at, [{ ...step, result: JSON.stringify(whole) }]);
    },
  },
  {
    name: 'the text of a stranger in an error',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsIn(steps, (tool) => isOfOthers(tools.of(tool))),
        random,
      );
      const step = steps[place?.at ?? -1];
      if (place === undefined || !isCall(step) || step.status !== undefined || step.as !== undefined) return undefined;
      return spliced(steps, place.at, [{ ...step, status: 'failed' }]);
    },
  },
  {
    name: 'the answer of a stranger in another shape',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsIn(steps, (tool) => isOfOthers(tools.of(tool))),
        random,
      );
      const step = steps[place?.at ?? -1];
      const json = isCall(step) ? jsonOf(step.result) : undefined;
      if (place === undefined || !isCall(step) || json === undefined) return undefined;
      const text = JSON.stringify(json);
      const shapes: readonly unknown[] = [
        { structuredContent: json, content: [{ type: 'text', text: 'see above' }] },
        {
          content: [
            { type: 'text', text },
            { type: 'text', text: 'That is all.' },
          ],
        },
        { content: [{ type: 'text', text: `Here it is: ${text}` }] },
        JSON.stringify(json, null, 2),
      ];
      return spliced(steps, place.at, [{ ...step, result: oneOf(shapes, random) }]);
    },
  },
];
