import type { AccessRequest } from '../authzen/request.js';
import type { Transform } from '../authzen/transforms.js';
import { defined } from '../lib/defined.js';
import { isObject } from '../lib/is-object.js';
import { CallError } from './errors.js';
import { plainCopy } from './plain-copy.js';

/** The name of an entity, with what the caller says of it and no fact has. */
export interface Named<Type extends string = string> {
  readonly type: Type;
  readonly id: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** The types of an action: of the identities that do it, of its resource, of its input. `writ bundle types` writes them. */
export interface ActionTypes {
  readonly principal: string;
  readonly resource: string;
  readonly input: unknown;
}

/** The input of an action. */
export type InputOf<Actions, Action extends keyof Actions> = Actions[Action] extends ActionTypes
  ? Actions[Action]['input']
  : never;

/** The actions of a bundle by name; by default any. */
export type AnyActions = Readonly<Record<string, ActionTypes>>;

/** The parts of a call that are not of its action. */
export interface CallContext {
  /** The agent at work for the subject: an id of type `Agent`, or an entity. */
  readonly agent?: string | Named;
  /** The task that the call is part of, as the application names it. */
  readonly task?: string;
  /** The session that the call is part of. */
  readonly session?: string;
  /** The request of the user. It is compared with arguments, and not recorded. */
  readonly prompt?: string;
  /** A transaction token (docs/tokens.md). */
  readonly txnToken?: string;
  /** Further members of the context of the request. */
  readonly context?: Readonly<Record<string, unknown>>;
}

type CallOf<Of extends ActionTypes, Action extends string> = CallContext & {
  readonly subject: Named<Of['principal']>;
  readonly action: Action;
  readonly resource: Named<Of['resource']>;
} & (undefined extends Of['input'] ? { readonly input?: Of['input'] | undefined } : { readonly input: Of['input'] });

/** A call of one action of a bundle. */
export type CallOfAction<Actions, Action extends keyof Actions & string> = Actions[Action] extends ActionTypes
  ? CallOf<Actions[Action], Action>
  : never;

/** A call of an application: who does what to which resource, with which input. */
export type Call<Actions = AnyActions> = {
  [Action in keyof Actions & string]: CallOfAction<Actions, Action>;
}[keyof Actions & string];

/** A call that is fixed: its question, and the input that runs if it is permitted. */
export interface FixedCall {
  readonly request: AccessRequest;
  readonly input: unknown;
  readonly txnToken: string | undefined;
}

/**
 * Returns a call as it is asked about. Its input is a copy, so that nothing changes it between the decision and the call.
 *
 * @throws {CallError} if it is not a call, or its input is not JSON
 */
export function fixed(call: unknown, carriesOut: readonly Transform[]): FixedCall {
  const { subject, action, resource, agent, task, session, prompt, txnToken, context, input } = (call ?? {}) as {
    readonly [name in keyof (CallContext & CallOf<ActionTypes, string>)]?: unknown;
  };
  if (typeof action !== 'string' || action === '') throw new CallError('the action of a call is the name of one');
  const copied = input === undefined ? undefined : plainCopy(input, 'input');
  const more = context === undefined ? {} : plainCopy(context, 'context');
  if (!isObject(more)) throw new CallError('the context of a call is an object');
  return {
    input: copied,
    txnToken: optionalText(txnToken, 'txnToken'),
    request: {
      subject: entity(subject, 'subject'),
      action: { name: action },
      resource: entity(resource, 'resource'),
      context: {
        ...more,
        ...defined({
          // Another copy: what is sent is not what is run.
          input: copied === undefined ? undefined : structuredClone(copied),
          task: optionalText(task, 'task'),
          session: optionalText(session, 'session'),
          prompt: optionalText(prompt, 'prompt'),
          agent: typeof agent === 'string' || agent === undefined ? agent : entity(agent, 'agent'),
        }),
        detail: 'reasons',
        supported_obligations: carriesOut,
      },
    },
  };
}

function entity(given: unknown, name: string): Named {
  const { type, id, properties } = (given ?? {}) as { readonly [member in keyof Named]?: unknown };
  if (typeof type !== 'string' || typeof id !== 'string' || type === '' || id === '')
    throw new CallError(`the ${name} of a call has a type and an id, both texts`);
  const said = properties === undefined ? undefined : plainCopy(properties, `${name}.properties`);
  if (said !== undefined && !isObject(said)) throw new CallError(`the properties of the ${name} are an object`);
  return { type, id, ...(said === undefined ? {} : { properties: said }) };
}

function optionalText(given: unknown, name: string): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  throw new CallError(`${name} of a call is a text`);
}
