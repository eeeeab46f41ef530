import { type Coverage, type Entities, type Environment, type PolicySet, watched } from '@writ/cedar';

/** An evaluation of the policies for one identity of a path. */
export interface Evaluation {
  readonly env: Environment;
  readonly entities: Entities;
}

/** The evaluations of the policies by a test. Of them it keeps those since {@link begin}, to explain a step that failed. */
export class Evaluations {
  private last: Evaluation[] = [];

  /** @param coverage records all of them; undefined if nobody asks for it */
  constructor(
    private readonly policies: PolicySet,
    private readonly coverage: Coverage | undefined,
  ) {}

  /** Returns the policies, as the decisions of a test ask them. */
  watched(): PolicySet {
    return watched(this.policies, (env, entities) => {
      this.last.push({ env, entities });
      this.coverage?.record(this.policies, env, entities);
    });
  }

  /** Forgets the evaluations of the decision before. */
  begin(): void {
    this.last = [];
  }

  get sinceBegun(): readonly Evaluation[] {
    return this.last;
  }
}
