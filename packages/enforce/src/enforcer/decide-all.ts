import {
  type Decision,
  type DecisionId,
  type DecisionPoint,
  isPermitted,
  type Obligation,
  type OnRevoked,
} from '@writ/sdk/authzen';

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

/**
 * Joins several permits of one operation to one: the operation is begun under all of them, and its outcome is that of
 * each.
 */
export class JoinedPermits implements Pick<DecisionPoint, 'report' | 'onRevoked'> {
  private readonly others = new Map<DecisionId, readonly DecisionId[]>();

  constructor(private readonly point: Pick<DecisionPoint, 'report' | 'onRevoked'>) {}

  /** @returns a permit with the id of the first and the obligations of all */
  join([first, ...more]: readonly [Decision, ...Decision[]]): Decision {
    if (more.length === 0) return first;
    this.others.set(
      first.id,
      more.map(({ id }) => id),
    );
    const obligations = distinct([first, ...more].flatMap((one) => one.obligations ?? []));
    return obligations.length === 0 ? first : { ...first, result: 'modify', obligations };
  }

  onRevoked(decisionId: DecisionId, listener: OnRevoked): void {
    for (const id of [decisionId, ...(this.others.get(decisionId) ?? [])]) this.point.onRevoked?.(id, listener);
  }

  async report(decisionId: DecisionId, ...outcome: Rest<DecisionPoint['report']>): Promise<void> {
    const others = this.others.get(decisionId);
    if (others === undefined) return this.point.report(decisionId, ...outcome);
    this.others.delete(decisionId);
    await Promise.all([decisionId, ...others].map((id) => this.point.report(id, ...outcome)));
  }
}

type Rest<F extends (...args: never[]) => unknown> = Parameters<F> extends [unknown, ...infer R] ? R : never;

function distinct(obligations: readonly Obligation[]): Obligation[] {
  const known = new Map(obligations.map((one) => [JSON.stringify([one.type, one.properties]), one]));
  return [...known.values()];
}
