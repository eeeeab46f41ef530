import { timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '@modelcontextprotocol/server';
import canonicalize from 'canonicalize';
import { ERROR } from './errors.js';
import type { CallResult } from './result.js';

type Json = Readonly<Record<string, unknown>>;

/** What the user behind a client can be asked by a server, and what they answered (MCP 2026-07-28, "Multi Round-Trip Requests"). */
export interface UserInput {
  /** The client capabilities that have to do with it. */
  readonly capabilities: Json;
  readonly responses?: Json | undefined;
  /** As the server gave it. */
  readonly state?: string | undefined;
}

const ASKABLE = ['elicitation', 'sampling', 'roots'] as const;

/** Of what a client can do, what a server has to know to ask it; undefined when it can be asked nothing. */
export function askable(capabilities: unknown): Json | undefined {
  const all = (capabilities ?? {}) as Json;
  const some = ASKABLE.filter((name) => all[name] !== undefined).map((name) => [name, all[name]] as const);
  return some.length === 0 ? undefined : Object.fromEntries(some);
}

/** What a retry has besides what is asked. */
export function retryOf({ responses, state }: Partial<UserInput> = {}): Json {
  return {
    ...(responses === undefined ? {} : { inputResponses: responses }),
    ...(state === undefined ? {} : { requestState: state }),
  };
}

/** Whose state it is: who calls, and the call that it belongs to. */
interface StateOf {
  readonly caller: string;
  readonly server: string;
  /** The tool, or the method of another request. */
  readonly tool: string;
  readonly arguments: Json;
}

/**
 * Binds the state that a server gives to the call that it belongs to: it goes through the client, and somebody else's would otherwise be
 * taken up by whoever has it.
 */
export class StateSeal {
  constructor(private readonly hash: (text: string) => string) {}

  /** An answer as its client gets it. */
  sealed(answer: CallResult, of: StateOf): CallResult {
    const { requestState: state } = answer;
    return typeof state === 'string' ? { ...answer, requestState: `${this.mac(state, of)}.${state}` } : answer;
  }

  /**
   * What came back, with the state as the server gave it.
   *
   * @throws {ProtocolError} when the state was not given for this call
   */
  opened(given: UserInput | undefined, of: StateOf): UserInput | undefined {
    if (given?.state === undefined) return given;
    const dot = given.state.indexOf('.');
    const state = given.state.slice(dot + 1);
    const [mac, right] = [Buffer.from(given.state.slice(0, Math.max(dot, 0))), Buffer.from(this.mac(state, of))];
    if (mac.length !== right.length || !timingSafeEqual(mac, right))
      throw new ProtocolError(ERROR.mapping, '`requestState` was not given for this call; make it anew, without');
    return { ...given, state };
  }

  private mac(state: string, of: StateOf): string {
    return this.hash(canonicalize({ requestState: state, ...of }) ?? '');
  }
}
