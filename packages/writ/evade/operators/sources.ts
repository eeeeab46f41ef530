import type { Step } from '../../test/evasions/evasion.js';
import { isCall, jsonOf, replaced, type TextPlace, textsOfOthers } from '../places.js';
import { type Operator, oneOf, spliced } from './operator.js';
import { TEXT_FORMS } from './texts.js';

/** Ways in which a stranger writes what the agent reads. */

function rewritten(steps: readonly Step[], { at, path }: TextPlace, text: string): readonly Step[] {
  const step = steps[at];
  if (!isCall(step)) return steps;
  const json = jsonOf(step.result);
  const result = path === undefined ? text : replaced(json ?? step.result, path, text);
  return spliced(steps, at, [{ ...step, result: json === undefined ? result : JSON.stringify(result) }]);
}

/** Returns whether a text is a member of a record in JSON. */
function isMember(steps: readonly Step[], { at, path }: TextPlace): boolean {
  const step = steps[at];
  return path?.at(-1) === 'text' && isCall(step) && jsonOf(step.result) !== undefined;
}

const MEMBERS = ['subject', 'note', 'sender_name', 'preview', 'footer', 'tags', 'attachment'];

export const SOURCES: readonly Operator[] = [
  {
    name: 'another form of the text of a stranger',
    apply: (steps, tools, random) => {
      const place = oneOf(textsOfOthers(steps, tools), random);
      const form = oneOf(Object.values(TEXT_FORMS), random);
      if (place === undefined || form === undefined) return undefined;
      return rewritten(steps, place, form(place.text, random));
    },
  },
  {
    name: 'the text of a stranger in another member',
    apply: (steps, tools, random) => {
      const place = oneOf(
        textsOfOthers(steps, tools).filter((one) => isMember(steps, one)),
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
        textsOfOthers(steps, tools).filter((one) => isMember(steps, one)),
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
      const place = oneOf(textsOfOthers(steps, tools), random);
      const step = steps[place?.at ?? -1];
      if (place === undefined || !isCall(step) || step.status !== undefined || step.as !== undefined) return undefined;
      return spliced(steps, place.at, [{ ...step, status: 'failed' }]);
    },
  },
  {
    name: 'the answer of a stranger in another shape',
    apply: (steps, tools, random) => {
      const place = oneOf(textsOfOthers(steps, tools), random);
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
