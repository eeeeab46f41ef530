import type { AccessRequest } from '@writ/sdk/authzen';
import { provenanceOf } from '../decide/gather.js';
import { narrowedByWords } from '../decide/mandate-draft/proposal.js';
import type { PolicyPlane } from '../decide/plane.js';
import type { Txn } from '../lib/ids.js';
import { type Mandate, mandateOf } from '../provenance/mandate.js';
import type { Provenance } from '../provenance/path.js';
import type { TaskKind } from '../provenance/task-kinds.js';

/** A task, as the exchange for its first token names it. */
interface StartedTask {
  readonly kind: string;
  /** The name of the task; its mandate counts the uses under it. */
  readonly name: string;
  readonly prompt: string | undefined;
}

/** The tasks of kinds that a test or a recording began, each with the mandate that its token would have. */
export class StartedTasks {
  private readonly mandates = new Map<string, Mandate>();

  constructor(private readonly plane: Pick<PolicyPlane, 'tasks' | 'actions' | 'tools'>) {}

  /**
   * Returns the claims of the token of a task for one of its requests; undefined if there is no such kind, or if the request names its
   * identities wrongly (the decision then says so).
   */
  tokenOf(task: StartedTask, request: AccessRequest): Provenance | undefined {
    const declared = this.plane.tasks?.kinds.get(task.kind);
    const provenance = provenanceOf(request);
    if (declared === undefined || typeof provenance === 'string') return undefined;
    return { ...provenance, txn: task.name as Txn, scope: [declared.scope], mandate: this.mandateOf(task, declared) };
  }

  private mandateOf({ kind, name, prompt }: StartedTask, { mandate: terms, fromPrompt }: TaskKind): Mandate {
    const key = JSON.stringify([kind, name, prompt]);
    let mandate = this.mandates.get(key);
    if (mandate === undefined) {
      const whole = mandateOf(kind, terms, name);
      // A planner is not asked offline.
      const isNarrowed = fromPrompt.includes('words') && prompt !== undefined;
      mandate = isNarrowed ? narrowedByWords(prompt, whole, this.plane).mandate : whole;
      this.mandates.set(key, mandate);
    }
    return mandate;
  }
}
