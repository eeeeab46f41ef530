import { type Decision, isPermitted, type Obligation } from '@writ/sdk/authzen';

/**
 * Decides the requests of one operation in their order (COAZ framework, "Denials and Errors": each has to be a
 * permit). Nothing is decided after the first denial, and the permits before it are cancelled.
 *
 * @returns the decisions; the operation is permitted if the last is a permit
 */
export async function decideAll<Asked, Answer>(
  requests: readonly [Asked, ...Asked[]],
  parts: {
    readonly decide: (request: Asked) => Promise<Answer>;
    readonly decisionIn: (answer: Answer) => Decision;
    readonly cancel: (answer: Answer) => Promise<unknown>;
  },
): Promise<readonly [Answer, ...Answer[]]> {
  const answers: Answer[] = [];
  let allPermitted = false;
  try {
    for (const request of requests) {
      const answer = await parts.decide(request);
      answers.push(answer);
      if (!isPermitted(parts.decisionIn(answer))) break;
    }
    allPermitted = isPermitted(parts.decisionIn(answers.at(-1) as Answer));
  } finally {
    // Also if a request could not be decided.
    if (!allPermitted)
      for (const answer of answers) if (isPermitted(parts.decisionIn(answer))) await parts.cancel(answer);
  }
  return answers as [Answer, ...Answer[]];
}

const NONE: readonly Obligation[] = [];

/** Returns the obligations of all permits of one operation, each once. */
export function obligationsOf(decisions: readonly Decision[]): readonly Obligation[] {
  const [only, ...more] = decisions;
  if (more.length === 0) return only?.obligations ?? NONE;
  const all = decisions.flatMap(({ obligations }) => obligations ?? []);
  return [...new Map(all.map((one) => [JSON.stringify([one.type, one.properties]), one])).values()];
}
