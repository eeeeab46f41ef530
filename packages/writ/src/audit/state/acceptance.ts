import { StateError } from '../errors.js';

/** Refuses a data folder that is not as it was left, unless the operator accepts it, which is then recorded. */
export class Acceptance {
  private accepted: string[] = [];

  /** @param reason why the operator accepts it; undefined if nothing is accepted */
  constructor(readonly reason: string | undefined) {}

  /** Notes a problem that was accepted. @throws {StateError} if none is */
  refuse(problem: string, help: string): void {
    if (this.reason === undefined) throw new StateError(problem, help);
    this.accepted.push(problem);
  }

  /** Returns what was accepted since the last call. */
  take(): readonly string[] {
    const { accepted } = this;
    this.accepted = [];
    return accepted;
  }
}
