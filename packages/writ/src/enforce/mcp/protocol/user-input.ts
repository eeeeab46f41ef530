import { ProtocolError } from '@modelcontextprotocol/server';
import { defined } from '@writ/sdk/lib/defined';
import { ERROR } from './errors.js';
import type { CallResult } from './result.js';
import { TextSeal } from './text-seal.js';

type Json = Readonly<Record<string, unknown>>;

/** The questions that a server can ask the user of a client, and the answers (MCP 2026-07-28, "Multi Round-Trip Requests"). */
export interface UserInput {
  /** The client capabilities for it. */
  readonly capabilities: Json;
  readonly responses?: Json | undefined;
  /** The state as the server gave it. */
  readonly state?: string | undefined;
}

const ASKABLE = ['elicitation', 'sampling', 'roots'] as const;

/** Returns the capabilities that let a server ask the user; undefined if the client has none of them. */
export function askable(capabilities: unknown): Json | undefined {
  const all = (capabilities ?? {}) as Json;
  const some = ASKABLE.filter((name) => all[name] !== undefined).map((name) => [name, all[name]] as const);
  return some.length === 0 ? undefined : Object.fromEntries(some);
}

/** Returns the parameters that a retry has in addition to those of the first request. */
export function retryOf({ responses, state }: Partial<UserInput> = {}): Json {
  return defined({ inputResponses: responses, requestState: state });
}

/** The call that a state belongs to, and its caller. */
interface StateOf {
  readonly caller: string;
  readonly server: string;
  /** The tool, or the method of another request. */
  readonly tool: string;
  readonly arguments: Json;
}

/**
 * Binds the state that a server gives to the call that it belongs to. The state goes through the client: unbound, that
 * of another caller would be accepted from anybody who has it.
 */
export class StateSeal {
  private readonly seal: TextSeal;

  constructor(hash: (text: string) => string) {
    this.seal = new TextSeal(hash, 'requestState');
  }

  /** Returns an answer as its client gets it. */
  sealed(answer: CallResult, of: StateOf): CallResult {
    const { requestState: state } = answer;
    return typeof state === 'string' ? { ...answer, requestState: this.seal.seal(state, of) } : answer;
  }

  /**
   * Returns what came back, with the state as the server gave it.
   *
   * @throws {ProtocolError} if the state was not given for this call
   */
  opened(given: UserInput | undefined, of: StateOf): UserInput | undefined {
    if (given?.state === undefined) return given;
    const state = this.seal.open(given.state, of);
    if (state === undefined)
      throw new ProtocolError(ERROR.mapping, '`requestState` was not given for this call; make the call again without');
    return { ...given, state };
  }
}
