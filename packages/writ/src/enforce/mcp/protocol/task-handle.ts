import { timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { DecisionId } from '../../../lib/ids.js';

/** A task of a server behind the gateway, and the permit that it was begun with. */
export interface TaskOf {
  readonly server: string;
  /** As clients call it. */
  readonly tool: string;
  /** As the server calls it. */
  readonly taskId: string;
  readonly decisionId: DecisionId;
}

/**
 * What a client is given in the place of a server's task id: which task it is, bound to who began it. Nothing is kept for it, and nobody
 * else can make one or use it ("Security Considerations").
 */
export class TaskHandles {
  constructor(private readonly hash: (text: string) => string) {}

  sealed({ server, tool, taskId, decisionId }: TaskOf, caller: string): string {
    const text = Buffer.from(JSON.stringify([server, tool, taskId, decisionId])).toString('base64url');
    return `${this.mac(text, caller)}.${text}`;
  }

  /** Undefined for a handle that was not given to this caller. */
  opened(handle: string, caller: string): TaskOf | undefined {
    const dot = handle.lastIndexOf('.');
    const text = handle.slice(dot + 1);
    const [mac, right] = [Buffer.from(handle.slice(0, Math.max(dot, 0))), Buffer.from(this.mac(text, caller))];
    if (mac.length !== right.length || !timingSafeEqual(mac, right)) return undefined;
    const [server, tool, taskId, decisionId] = JSON.parse(Buffer.from(text, 'base64url').toString()) as string[];
    return { server, tool, taskId, decisionId } as TaskOf;
  }

  private mac(text: string, caller: string): string {
    return this.hash(canonicalize({ task: text, caller }) ?? '');
  }
}
