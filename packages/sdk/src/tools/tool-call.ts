import type { WaitOptions } from '../app/approvals.js';
import type { AnyActions, Call, CallContext, Named } from '../app/call.js';
import { CallError, NotPermittedError, WithheldError } from '../app/errors.js';
import type { Writ } from '../app/writ.js';
import { ObligationError } from '../obligations/errors.js';

/** The parts that are the same in each call of an agent, and how its tools are named to the service. */
export interface ToolOptions extends CallContext {
  readonly subject: Named;
  /** Returns the action of a tool; by default it has the tool's name. */
  readonly action?: (tool: string) => string;
  /** Returns the resource of a call; by default `Tool::"NAME"`. */
  readonly resource?: (tool: string, input: unknown) => Named;
  /** Asks somebody if a call needs an approval, and waits for it; by default the call is refused at once. */
  readonly approval?: WaitOptions;
  /** Tools that run elsewhere, as those of the model's provider: nothing here can stop them. Any other such tool is an error. */
  readonly elsewhere?: readonly string[];
}

/** A client of any bundle: the names of tools are not known to its types. */
export type AnyWrit = Pick<Writ<AnyActions>, 'begin' | 'guard'>;

/** Returns the call that a tool makes. */
export function callOfTool(options: ToolOptions, tool: string, input: unknown, prompt?: string): Call {
  const { action, resource, approval: _approval, elsewhere: _elsewhere, ...rest } = options;
  return {
    ...rest,
    ...(prompt === undefined || rest.prompt !== undefined ? {} : { prompt }),
    action: action === undefined ? tool : action(tool),
    resource: resource === undefined ? { type: 'Tool', id: tool } : resource(tool, input),
    input,
  };
}

/** Returns how a call is guarded that options describe. */
export function guardOf({ approval }: ToolOptions): { readonly approval?: WaitOptions } {
  return approval === undefined ? {} : { approval };
}

/**
 * Returns the text for the model about a call that was not carried out, or whose result is withheld: the reasons of a denial, and nothing
 * of an error that is not Writ's.
 */
export function refusalText(tool: string, error: unknown): string {
  if (error instanceof NotPermittedError || error instanceof WithheldError) return error.message;
  if (error instanceof ObligationError || error instanceof CallError)
    return `${tool} was not carried out: ${error.message}`;
  return `${tool} was not carried out: no decision could be made`;
}

/** @throws {CallError} unless the tool is one that runs elsewhere */
export function assertElsewhere({ elsewhere = [] }: ToolOptions, tool: string): void {
  if (!elsewhere.includes(tool))
    throw new CallError(
      `${tool} does not run in this process, so that nothing here can stop it; leave it out, or list it in \`elsewhere\``,
    );
}
