import type { DecisionId } from '../../../lib/ids.js';
import { TextSeal } from './text-seal.js';

/** A task of a server behind the gateway, and the permit that it was begun with. */
export interface TaskOf {
  readonly server: string;
  /** The name of the tool that clients see. */
  readonly tool: string;
  /** The id that the server gave the task. */
  readonly taskId: string;
  readonly decisionId: DecisionId;
}

/**
 * The handles that clients get instead of the task ids of servers: a handle says which task it is, and is bound to the
 * caller that began the task. Nobody else can make or use one (MCP Tasks, "Security Considerations").
 */
export class TaskHandles {
  private readonly seal: TextSeal;

  constructor(hash: (text: string) => string) {
    this.seal = new TextSeal(hash, 'task');
  }

  sealed({ server, tool, taskId, decisionId }: TaskOf, caller: string): string {
    const text = Buffer.from(JSON.stringify([server, tool, taskId, decisionId])).toString('base64url');
    return this.seal.seal(text, { caller });
  }

  /** Returns the task of a handle; undefined if the handle was not given to this caller. */
  opened(handle: string, caller: string): TaskOf | undefined {
    const text = this.seal.open(handle, { caller });
    if (text === undefined) return undefined;
    const [server, tool, taskId, decisionId] = JSON.parse(Buffer.from(text, 'base64url').toString()) as string[];
    return { server, tool, taskId, decisionId } as TaskOf;
  }
}
