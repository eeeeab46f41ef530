/**
 * A policy could not be evaluated (Cedar reference, "Error handling"). Never leaves this package as a throw: it becomes
 * an entry of `errors`. Not an `Error`, because taking a stack trace would cost more than the decision.
 */
export class EvaluationFailure {
  constructor(readonly message: string) {}
}
