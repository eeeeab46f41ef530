import { nounsFor } from './nouns.js';
import type { ValueUse } from './prompt-values.js';
import type { Role, ToolDescription } from './tool-description.js';

/** The use of a value as an argument of a tool. hot: its nouns are looked for only where a prompt may name the value. */
export class ArgumentUse implements ValueUse {
  constructor(
    readonly role: Role,
    readonly kind: string | undefined,
    private readonly tool: Pick<ToolDescription, 'name' | 'reads' | 'writes'>,
    private readonly argument: string,
  ) {}

  /** A tool is also about what its stores keep. */
  get nouns(): ReadonlySet<string> {
    const { name, reads = '', writes = '' } = this.tool;
    return nounsFor(`${name} ${reads} ${writes}`, this.argument);
  }
}
