import { askingFor, usualWords } from '../../ledger/flow/asked.js';
import type { ResultFormat } from '../../ledger/flow/result-value.js';
import { prefixLengths, wordsInName } from '../../ledger/flow/tool-verb.js';
import { formatOf } from './answer-schema.js';
import { type Effect, effectsOf } from './effects.js';
import { argumentsIn } from './json-schema.js';
import type { ListedTool } from './listed-tool.js';
import { type GuessedResult, resultOf } from './results.js';
import { type GuessedArgument, type GuessedRole, rolesOf } from './roles.js';
import { thingOf } from './things.js';

/** A guess at a tool from what its server lists of it; a person has to review it. */
export interface GuessedTool {
  readonly effects: readonly Effect[];
  /** The reason of the guess, for that person. */
  readonly because: string;
  readonly roles: Readonly<Record<string, GuessedRole>>;
  /** The arguments with roles, with the kinds of their values. */
  readonly arguments: ReadonlyMap<string, GuessedArgument>;
  readonly result: GuessedResult;
  /** Whether its results have what others wrote. */
  readonly isFromOutside: boolean;
  readonly reads: string | undefined;
  readonly writes: string | undefined;
  /** The words by which a prompt asks for it; undefined if those of its name are right. */
  readonly asked: readonly string[] | undefined;
  /** The format of its answers, where it has to be said. */
  readonly format: ResultFormat | undefined;
}

/** Recorded answers, by the name of the tool. */
export type RecordedAnswers = ReadonlyMap<string, readonly unknown[]>;

const NO_ANSWERS: RecordedAnswers = new Map();

/** Guesses tools, those of each server together. */
export function guessTools(listed: readonly ListedTool[], answers: RecordedAnswers = NO_ANSWERS): GuessedTool[] {
  const guessed = new Map<ListedTool, GuessedTool>();
  for (const server of new Set(listed.map((tool) => tool.server))) {
    const its = listed.filter((tool) => tool.server === server);
    for (const [i, guess] of guessServer(its, answers).entries()) guessed.set(its[i] as ListedTool, guess);
  }
  return listed.map((tool) => guessed.get(tool) as GuessedTool);
}

/** Guesses all tools of a server: what their names have in common says which words are of the service. */
function guessServer(listed: readonly ListedTool[], answers: RecordedAnswers): GuessedTool[] {
  const prefixes = prefixLengths(listed.map(({ name }) => name));
  const words = new Set(listed.flatMap(({ name }) => wordsInName(name)));
  const names = new Set(listed.flatMap(({ inputSchema }) => [...argumentsIn(inputSchema).of.keys()]));
  const server = { words, isId: (name: string) => names.has(name) };
  return listed.map((tool) => guess(tool, prefixes.get(tool.name) ?? 0, server, answers.get(tool.name) ?? []));
}

/** The other tools of a server. */
interface Server {
  /** The words in their names. */
  readonly words: ReadonlySet<string>;
  /** Returns whether one of them has an argument of this name. */
  readonly isId: (name: string) => boolean;
}

function guess(tool: ListedTool, prefixLength: number, server: Server, answers: readonly unknown[]): GuessedTool {
  const { of: args } = argumentsIn(tool.inputSchema);
  const { effects, because, verb } = effectsOf(tool, [...args.keys()], prefixLength);
  const thing = thingOf(verb.about, server.words);
  const given = rolesOf(args, { verb, words: wordsInName(tool.name), effects, root: tool.inputSchema });
  const store = thing !== undefined && /^[a-z0-9][a-z0-9._-]*$/.test(thing) ? thing : undefined;
  const doesWrite = effects.some((effect) => effect === 'write' || effect === 'egress');
  const result = resultOf(tool, { effects, because, verb }, thing, {
    answers,
    isId: server.isId,
    others: server.words,
  });
  const isChange = effects.some((effect) => effect !== 'read');
  const words = verb.verb === '' || !isChange ? [] : askingFor([verb.verb, ...verb.also]);
  const usual = usualWords(tool.name);
  return {
    effects,
    because: result.because === undefined ? because : `${because}; ${result.because}`,
    roles: Object.fromEntries([...given].map(([name, { role }]) => [name, role])),
    arguments: given,
    result,
    isFromOutside: result.isFromOutside,
    reads: effects.includes('read') ? store : undefined,
    writes: doesWrite && !effects.includes('read') ? store : undefined,
    asked: words.length === 0 || words.join() === usual.join() ? undefined : words,
    format: answers.length === 0 ? undefined : formatOf(answers),
  };
}
