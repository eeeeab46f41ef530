import { stemmer } from 'stemmer';
import { memo } from '../../lib/memo.js';
import type { Role } from './declared-tool.js';
import { nounsFor } from './nouns.js';
import type { ValueUse } from './prompt-values.js';
import type { ToolDescription } from './tool-description.js';

/** The use of a value as an argument of a tool. hot: its nouns are looked for only where a prompt may name the value. */
export class ArgumentUse implements ValueUse {
  constructor(
    readonly role: Role,
    readonly kind: string | undefined,
    private readonly tool: Pick<ToolDescription, 'name' | 'reads' | 'writes' | 'asked'>,
    private readonly argument: string,
  ) {}

  /** A tool is also about what its stores keep. */
  get nouns(): ReadonlySet<string> {
    const { name, reads = '', writes = '' } = this.tool;
    return nounsFor(`${name} ${reads} ${writes}`, this.argument);
  }

  get verbs(): ReadonlySet<string> {
    return verbsOf(this.tool);
  }
}

/** Returns the stems of the words by which a prompt asks for a tool. */
export const stemsOf = memo((tool: Pick<ToolDescription, 'asked'>): readonly string[] =>
  tool.asked.map((word) => stemmer(word.toLowerCase())),
);

const verbsOf = memo((tool: Pick<ToolDescription, 'asked'>): ReadonlySet<string> => new Set(stemsOf(tool)));
