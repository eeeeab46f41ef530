/** The most characters of a prompt, and of all that are kept. */
export const MAX_PROMPT = 128 * 1024;
const MAX_OF_ALL = 64 * 2 ** 20;

/** The last prompts of the sessions of one caller. */
export interface CallerPrompts {
  get(session: string): string | undefined;
  /** Keeps a prompt, or forgets that of the session. */
  set(session: string, prompt: string | undefined): void;
}

/** The last prompt of each session. A session that is forgotten has no prompt: nothing in it counts as asked for. */
export class Prompts {
  private readonly kept = new Map<string, string>();
  private size = 0;

  /** Returns the prompts of one caller. Another caller may name the same session, and has another one. */
  of(caller: string): CallerPrompts {
    const keyOf = (session: string): string => JSON.stringify([caller, session]);
    return {
      get: (session) => this.kept.get(keyOf(session)),
      set: (session, prompt) => this.set(keyOf(session), prompt),
    };
  }

  private set(key: string, prompt: string | undefined): void {
    this.forget(key);
    if (prompt === undefined) return;
    this.kept.set(key, prompt);
    this.size += key.length + prompt.length;
    for (const oldest of this.kept.keys()) {
      if (this.size <= MAX_OF_ALL) break;
      this.forget(oldest);
    }
  }

  private forget(key: string): void {
    const known = this.kept.get(key);
    if (known === undefined) return;
    this.kept.delete(key);
    this.size -= key.length + known.length;
  }
}
