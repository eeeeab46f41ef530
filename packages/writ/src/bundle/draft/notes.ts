import { isReserved } from '../reserved-names.js';
import type { GuessedTool } from './guess.js';
import { argumentsIn, saidOf } from './json-schema.js';
import type { ListedTool } from './listed-tool.js';

/** Returns which calls of a tool are denied as it is drafted, and what a draft cannot say, for the person who reviews it. */
export function notesOn(tool: ListedTool, { roles }: Pick<GuessedTool, 'roles'>): string[] {
  const { name, inputSchema } = tool;
  if (isReserved(name))
    return [
      `${name} is left out: the name is taken by an action of Writ. Give its server a \`prefix\` in writ.yaml and draft again with --prefix, or map its calls to another action`,
    ];
  const { of, isOpen, unread } = argumentsIn(inputSchema);
  const known = [...of.keys()].map((one) => JSON.stringify(one)).join(', ');
  const amount = Object.keys(roles).find((argument) => roles[argument] === 'amount');
  const amountTypes = amount === undefined ? undefined : saidOf(of.get(amount)?.[0], inputSchema).types;
  return [
    ...unread.map(
      (part) =>
        `a part of its schema cannot be read (${JSON.stringify(part.slice(0, 100))}): calls with other arguments than ${known || 'none'} are denied`,
    ),
    ...(isOpen && unread.length === 0
      ? [
          `it takes arguments of any name: calls with others than ${known || 'none'} are denied until the schema has them`,
        ]
      : []),
    ...(amountTypes?.has('string') === true
      ? [`${amount} is summed up as an amount: calls in which it is a text that is no number are denied`]
      : []),
    ...(amountTypes?.has('number') === true
      ? [`${amount} is summed up as an amount: calls in which it has more than four fractional digits are denied`]
      : []),
    ...[...of.keys()].flatMap((argument) => {
      const language = languageOf(argument, tool);
      return language === undefined
        ? []
        : [
            `${argument} is a program, whose text has effects of its own: \`${argument}: { language: ${language} }\` decides on them`,
          ];
    }),
  ];
}

/** Guesses the language of an argument that is a program. */
function languageOf(argument: string, { name, description = '' }: ListedTool): 'sql' | 'shell' | undefined {
  if (/^(?:sql|sql_?(?:query|text|statement))$/i.test(argument)) return 'sql';
  if (/^(?:query|statement)$/i.test(argument) && /sql|postgres/i.test(`${name} ${description}`)) return 'sql';
  const isShell = /(?:^|[^a-z])(?:bash|shell|sh|terminal|command|cmd|exec)(?:[^a-z]|$)/i.test(name);
  return /^(?:command|cmd|script)$/i.test(argument) && isShell ? 'shell' : undefined;
}
