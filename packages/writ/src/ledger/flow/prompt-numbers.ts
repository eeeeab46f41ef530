import { numberForm } from './normal-form.js';

/** The meaning of a number in a prompt by what stands around it. */
export type NumberSense = 'plain' | 'amount' | 'quantity' | 'list' | 'date' | 'time' | 'identifier';

/** A number in a prompt. */
export interface PromptNumber {
  readonly start: number;
  readonly end: number;
  readonly sense: NumberSense;
  /** As {@link numberForm}. */
  readonly form: string;
}

const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const TH = '(?:st|nd|rd|th)';
const CURRENCY =
  '(?:usd|eur|gbp|chf|jpy|cny|inr|aud|cad|nzd|sek|nok|dkk|pln|euros?|dollars?|pounds?|francs?|yen|rupees?|bucks?|cents?|percent)';
const SPAN_OF_TIME = '(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|nights?|decades?|ms)';
/** Words that end like a plural. */
const NO_PLURAL = '(?!(?:as|is|has|was|this|its|us|does|plus|unless|yes|perhaps|always|thus|across|its)\\b)';

/** Words that end like a superlative. */
const NO_RANK = '(?:request|test|guest|interest|quest|digest|manifest|contest|rest)\\b';

/** The senses of a number by its surroundings, the first that fits. Every repetition is bounded. */
const SENSES: readonly (readonly [NumberSense, RegExp])[] = [
  [
    'list',
    /(?<=^|\n|[.;:!?)] |[,;] )\(?[0-9]{1,3}[.)](?=\s)|(?<=^|\n)\(?[0-9]{1,3}[:-](?=\s)|\b(?:step|point|task|item|part|question|no)\s[0-9]{1,3}(?=[:)])/giu,
  ],
  [
    'date',
    new RegExp(
      `(?<![\\p{L}\\p{N}])(?:[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{1,2}${TH}?(?: of)? ${MONTH}\\b\\.?(?:,? [0-9]{4})?|${MONTH}\\b\\.? [0-9]{1,2}${TH}?(?:,? [0-9]{4})?|${MONTH}\\b,? [0-9]{4}|(?:in|since|until|by|of|year|before|after) (?:19|20)[0-9]{2}|[0-9]{1,3}${TH})(?![\\p{L}\\p{N}])`,
      'giu',
    ),
  ],
  [
    'time',
    new RegExp(
      `[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[ap]\\.?m\\b)?|[0-9]{1,2} ?(?:[ap]\\.?m\\b|o['’]clock|uhr\\b)|\\b(?:at|until|till|from) (?:[01]?[0-9]|2[0-4])(?![0-9.:,%€$£]|\\p{L}| ?${CURRENCY}\\b)|[0-9]{1,6}(?:[.,][0-9]{1,4})?[ -]?${SPAN_OF_TIME}\\b`,
      'giu',
    ),
  ],
  [
    'amount',
    new RegExp(
      `[$€£¥₹] ?[0-9][0-9.,']{0,20}|[0-9](?:[0-9.,']{0,20}[0-9])? ?(?:[$€£¥₹%]|${CURRENCY}\\b)|\\b(?:${CURRENCY}) ?[0-9][0-9.,']{0,20}`,
      'giu',
    ),
  ],
  [
    'quantity',
    new RegExp(
      `# ?[0-9]{1,3} (?!${NO_RANK})(?:\\p{L}{2,12}est|most|least|last|first)\\b|(?<![\\p{L}\\p{N}])[0-9]{1,6} ${NO_PLURAL}\\p{L}{2,20}s\\b|[0-9]{1,6} (?:people|times|[kmgt]i?b|kg|km|cm|mm|pages?)\\b`,
      'giu',
    ),
  ],
  ['identifier', /(?:#|\b(?:ids?|identifier|number|no\.?|nr\.?|num|ref(?:erence)?):? ?#?)[0-9]{1,20}/giu],
];

const NUMBER = /[-+]?[$€£¥₹]?[0-9](?:[0-9.,'_]{0,40}[0-9])?[$€£¥₹%]?/g;

/** Returns the numbers in a prompt with the sense of each. */
export function numbersIn(text: string): PromptNumber[] {
  const spans = SENSES.flatMap(([sense, pattern]) =>
    [...text.matchAll(pattern)].map((found) => ({ sense, start: found.index, end: found.index + found[0].length })),
  );
  const senseAt = new Map<number, NumberSense>();
  for (const { sense, start, end } of spans)
    for (let at = start; at < end; at += 1) if (!senseAt.has(at)) senseAt.set(at, sense);
  return [...text.matchAll(NUMBER)].flatMap((found) => {
    const form = numberForm(found[0]);
    const start = found.index + found[0].search(/[0-9]/);
    const end = found.index + found[0].length;
    return form === undefined ? [] : [{ start, end, sense: senseAt.get(start) ?? 'plain', form }];
  });
}
