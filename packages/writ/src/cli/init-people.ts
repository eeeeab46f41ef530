import { createInterface } from 'node:readline/promises';
import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { DeployedClient } from '../bundle/draft/deployment.js';
import { InitError } from './errors.js';

/** The people of a bundle, as options name them. */
export interface PeopleFlags {
  /** Person that the agent works for. */
  readonly for?: string;
  readonly agent?: string;
  /** Person who answers for the agent. */
  readonly owner?: string;
  readonly json?: boolean;
}

const [PERSON, AGENT] = ['User', 'Agent'] as const;

/**
 * Returns the people of a drafted bundle: those of the options, and for a person at a terminal those that the person names.
 *
 * @throws {InitError} if one of them is of another type than the draft has, or if the owner is the person that asks
 */
export async function peopleOf(flags: PeopleFlags): Promise<DeployedClient> {
  const isAsked = process.stdin.isTTY === true && process.stdout.isTTY === true && flags.json !== true;
  const answers = isAsked ? await askFor(flags) : {};
  const given = { ...answers, ...flags };
  const person = uidIn(given.for, PERSON) ?? { type: PERSON, id: 'user' };
  const agent = uidIn(given.agent, AGENT) ?? { type: AGENT, id: 'agent' };
  return { agent, for: person, owner: ownerOf(given.owner, person) };
}

/**
 * Returns who answers for the agents of a person; undefined if nobody is named.
 *
 * @throws {InitError} if it is no person, or the one that the agents work for
 */
export function ownerOf(text: string | undefined, person: EntityUid): EntityUid | undefined {
  const owner = uidIn(text, PERSON);
  if (owner !== undefined && uidText(owner) === uidText(person))
    throw new InitError(
      `${uidText(owner)} is the person that the agent works for`,
      'nobody approves what is asked for them: name another owner, or leave it out',
    );
  return owner;
}

/** Asks for what no option names. An empty answer leaves it open. */
async function askFor({ for: person, agent, owner }: PeopleFlags): Promise<Omit<PeopleFlags, 'json'>> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const ask = async (known: string | undefined, question: string): Promise<string | undefined> => {
    if (known !== undefined) return known;
    const said = (await lines.question(question)).trim();
    return said === '' ? undefined : said;
  };
  try {
    const answers = {
      for: await ask(person, 'The person that the agent works for (user): '),
      agent: await ask(agent, 'The agent (agent): '),
      owner: await ask(owner, 'Somebody else, who answers for the agent and approves what it is stopped in (nobody): '),
    };
    return Object.fromEntries(Object.entries(answers).filter(([, said]) => said !== undefined));
  } finally {
    lines.close();
  }
}

/** Returns an entity from its text, or from its id alone. */
function uidIn(text: string | undefined, type: string): EntityUid | undefined {
  if (text === undefined) return undefined;
  const uid = parseUid(text) ?? (/^[\w.@-]+$/.test(text) ? { type, id: text } : undefined);
  if (uid?.type !== type) throw new InitError(`${text} is not a ${type}`, `write it as ${type}::"id"`);
  return uid;
}
