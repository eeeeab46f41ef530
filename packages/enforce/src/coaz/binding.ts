import type { ListedAction } from '@writ/sdk/authzen';
import type { CallingClient } from '../enforcer/caller.js';
import type { Variables } from './template.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * A binding of the COAZ framework: how the operations of one protocol become requests for decisions. The mapper does the same for
 * all protocols with it. `Named` is what is known of an operation before it is asked for.
 */
export interface Binding<Operation extends Named, Named = Operation> {
  /** Its name, for people. */
  readonly name: string;
  /** The service that an operation is of, and its name there: a mapping of the bundle is for these. */
  readonly placeOf: (operation: Named) => { readonly service: string; readonly name: string };
  /** The name that callers know an operation by: its action, unless a mapping of the bundle says another. */
  readonly actionOf: (operation: Named) => string;
  /** The input variables that mappings may name: those of the bundle, and those that a service declares. */
  readonly variables: { readonly bundle: readonly string[]; readonly declared: readonly string[] };
  /** Returns the values of the variables. @param claims the verified claims of its client */
  readonly valuesOf: (operation: Operation, claims: Json) => Variables;
  /** The member in which a service declares a mapping. */
  readonly declaration: string;
  /** Whether a declared mapping may leave out `action.name`, as one of the bundle may. */
  readonly hasDefaultAction: boolean;
  /** Returns the object in which the mapping of an operation is declared; undefined if it has no such object. */
  readonly declaredIn: (operation: Named) => Json | undefined;
  /** The members of `context` that a declared mapping may not set: only the enforcement point does, or callers that are trusted with them. */
  readonly reserved: ReadonlySet<string>;
  /** The claim that a mapping's `subject.id` has to result in: no mapping sets the subject. */
  readonly anchor: string;
  /** Returns the request of an operation without a mapping. @param isAction returns whether the schema has an action */
  readonly defaultOf: (operation: Named, isAction: (name: string) => boolean) => DefaultRequest;
  /**
   * Returns the members of `context` that the enforcement point sets of an operation, whatever its mapping says.
   *
   * @param more the members that are about its client
   */
  readonly contextOf: (operation: Operation, more: Json) => Json;
}

/** An action on one resource. */
interface DefaultRequest extends ListedAction {
  readonly resource: { readonly type: string; readonly id: string; readonly properties?: Json };
}

/** The members of `context` that only an enforcement point sets, or callers that are trusted with them. */
export const RESERVED_CONTEXT: ReadonlySet<string> = new Set([
  ...['input', 'task', 'session', 'conversation', 'upstream', 'prompt', 'suspended', 'findings', 'approval'],
  ...['supported_obligations', 'atLeast', 'detail', 'proof', 'again'],
]);

/**
 * Returns the claims of a client. For a client without an access token they are made: the originator is the subject, the agent the
 * client.
 */
export function claimsOf({ claims, originator, agent }: CallingClient): Json {
  return claims ?? { sub: originator.id, ...(agent === undefined ? {} : { client_id: agent.id }) };
}
