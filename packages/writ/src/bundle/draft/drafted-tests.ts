import type { EntityUid } from '@writ/cedar';
import { Document } from 'yaml';
import { argumentsIn, recordIn } from './json-schema.js';
import type { ListedTool } from './listed-tool.js';

interface TestedTool extends ListedTool {
  readonly effects: readonly string[];
  readonly opaque: readonly string[];
}

/** Tools that are tested, of each result. */
const MAX_TOOLS = 5;

/**
 * Returns tests for a drafted bundle: tools that only read and that an agent may call are permitted, and those that nobody was seen to call
 * are denied. Undefined if no call can be made up from the schemas.
 *
 * @param seen the tools that were called; undefined if every tool is permitted
 */
export function draftedTests(
  tools: readonly TestedTool[],
  agent: EntityUid,
  originator: EntityUid,
  seen: ReadonlySet<string> | undefined,
): string | undefined {
  const callable = tools.flatMap((tool) => {
    const input = sampleOf(tool);
    return input === undefined ? [] : [{ tool, input }];
  });
  const isPermitted = ({ name }: ListedTool): boolean => seen === undefined || seen.has(name);
  const isReading = ({ effects }: TestedTool): boolean => effects.every((effect) => effect === 'read');
  const permitted = callable.filter(({ tool }) => isReading(tool) && isPermitted(tool)).slice(0, MAX_TOOLS);
  const denied = callable.filter(({ tool }) => !isPermitted(tool)).slice(0, MAX_TOOLS);
  const who = { agent: textOf(agent), for: textOf(originator) };
  const test = (title: string, some: typeof callable, result: 'allow' | 'deny') =>
    some.length === 0
      ? []
      : [{ test: title, ...who, steps: some.map(({ tool, input }) => ({ call: tool.name, input, expect: result })) }];
  const tests = [
    ...test('tools that only read', permitted, 'allow'),
    ...test('tools that nobody was seen to call', denied, 'deny'),
  ];
  if (tests.length === 0) return undefined;
  const document = new Document({ tests }, { aliasDuplicateObjects: false });
  document.commentBefore = ' Drafted by Writ: a beginning. docs/bundles.md has what tests can say.';
  return document.toString({ lineWidth: 0 });
}

/** Returns arguments that a tool accepts; undefined if its schema asks for more than plain values. */
export function sampleOf({
  inputSchema,
  opaque,
}: Pick<TestedTool, 'inputSchema' | 'opaque'>): Record<string, unknown> | undefined {
  const { of, required, unread } = argumentsIn(inputSchema);
  if (unread.length > 0) return undefined;
  const input: Record<string, unknown> = {};
  for (const name of required) {
    const [schema, ...more] = of.get(name) ?? [];
    const value = more.length > 0 || opaque.includes(name) ? undefined : sampleValue(recordIn(schema));
    if (value === undefined) return undefined;
    Object.defineProperty(input, name, { value, enumerable: true });
  }
  return input;
}

function sampleValue({ type, enum: values, items, minimum }: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(values)) return values.find((value) => typeof value === 'string');
  if (type === 'string') return 'x';
  if (type === 'integer') return typeof minimum === 'number' ? Math.ceil(minimum) : 1;
  if (type === 'boolean') return true;
  return type === 'array' && recordIn(items).type === 'string' ? ['x'] : undefined;
}

function textOf({ type, id }: EntityUid): string {
  return `${type}::${JSON.stringify(id)}`;
}
