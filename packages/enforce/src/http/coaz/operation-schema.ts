import { createHash } from 'node:crypto';
import type { Operation, Parameter, Service } from '../definition/service.js';
import { isObject } from '../openapi/reading.js';

/** Reads JSON Schemas as Cedar types. The readers of MCP tools (`bundle/draft`) are of this form. */
export interface TypeReader {
  /** Returns the members of an object, with all that is said of each. */
  argumentsIn(root: unknown): {
    readonly of: ReadonlyMap<string, readonly unknown[]>;
    readonly required: ReadonlySet<string>;
  };
  /** Returns a type as it stands in a Cedar schema; undefined if Cedar has none. */
  typeOf(schema: unknown, root: unknown): string | undefined;
  admitsNull(schema: unknown, root: unknown): boolean;
  canBeAttribute(name: string): boolean;
  /** Returns a text as a literal of Cedar. */
  text(text: string): string;
}

/** The principals, and the members of every context, of the schema that the operations are added to. */
export interface SchemaOptions {
  readonly principals: readonly string[];
  /** As `ledger: Ledger`. */
  readonly context: readonly string[];
  /** Operations for which the schema has an action. */
  readonly declared: ReadonlySet<string>;
  /** Whether the schema has the entity type `Route`. */
  readonly hasRoute: boolean;
}

/** Bounds the reading of a document whose operations all refer to a large schema. */
const MAX_MEMBERS = 20_000;

/** The part of a Cedar schema that follows from the operations of a service. */
export interface OperationSchema {
  readonly text: string;
  /** The parts of each operation that policies do not see, as `body.lines`. */
  readonly opaque: ReadonlyMap<string, readonly string[]>;
}

/**
 * Returns the types of the inputs of all operations, and an action for each. The same operations result in the same text,
 * in whatever order they are declared.
 */
export function schemaOf(service: Service, reader: TypeReader, options: SchemaOptions): OperationSchema {
  const sorted = [...service.operations].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = typeNames(sorted.map(({ name }) => name));
  const opaque = new Map<string, string[]>();
  const budget = { left: MAX_MEMBERS };
  const types: string[] = [];
  const actions: string[] = [];
  for (const operation of sorted) {
    const unseen: string[] = [];
    const type = names.get(operation.name) as string;
    const members = membersOf(operation, service.components, { reader, unseen, budget });
    opaque.set(operation.name, unseen);
    const seen =
      unseen.length === 0 ? '' : `; policies do not see ${unseen.map((one) => JSON.stringify(one)).join(', ')}`;
    const head =
      `// The input of ${JSON.stringify(operation.name)}, ${operation.method} ${operation.route}${seen}.`.replace(
        /[\p{Cc}\p{Zl}\p{Zp}]/gu,
        '?',
      );
    types.push(
      members.length === 0
        ? `${head}\ntype ${type} = {};`
        : `${head}\ntype ${type} = {\n${members.map((one) => `  ${one},`).join('\n')}\n};`,
    );
    if (options.declared.has(operation.name)) continue;
    const context = [...(members.length === 0 ? [] : [`input: ${type}`]), ...options.context];
    actions.push(
      `action ${reader.text(operation.name)} appliesTo { principal: [${options.principals.join(', ')}], resource: [Route], context: { ${context.join(', ')} } };`,
    );
  }
  const route = options.hasRoute || actions.length === 0 ? [] : ['entity Route;'];
  return { text: `${[...route, ...types, ...actions].join('\n')}\n`, opaque };
}

interface Typing {
  readonly reader: TypeReader;
  readonly unseen: string[];
  readonly budget: { left: number };
}

function membersOf({ path, query, headers, body }: Operation, components: unknown, typing: Typing): string[] {
  const kinds = [...body.kinds.values()];
  return [
    ...ofParameters('path_params', path, components, typing),
    ...ofParameters('query', query, components, typing),
    ...ofParameters('headers', headers, components, typing),
    ...ofBody(body.schema, components, body.isRequired && kinds.every((kind) => kind === 'json'), typing),
    ...(kinds.includes('opaque') ? ['"opaque"?: { "media_type": String, "size": Long }'] : []),
  ];
}

function ofParameters(
  part: 'path_params' | 'query' | 'headers',
  parameters: ReadonlyMap<string, Parameter>,
  components: unknown,
  { reader, unseen, budget }: Typing,
): string[] {
  const lines: string[] = [];
  for (const [name, { schema, isRequired }] of [...parameters].sort(([a], [b]) => (a < b ? -1 : 1))) {
    budget.left -= 1;
    const root = isObject(schema) ? { ...schema, components } : schema;
    // They are texts, whatever their type: they name things.
    const type = part === 'path_params' ? 'String' : budget.left < 0 ? undefined : reader.typeOf(schema, root);
    if (type === undefined || !reader.canBeAttribute(name)) unseen.push(`${part}.${name}`);
    else lines.push(`${reader.text(name)}${isRequired ? '' : '?'}: ${type}`);
  }
  return lines.length === 0 ? [] : [`${reader.text(part)}: { ${lines.join(', ')} }`];
}

function ofBody(schema: unknown, components: unknown, isNeeded: boolean, { reader, unseen, budget }: Typing): string[] {
  if (!isObject(schema)) return [];
  const root = { ...schema, components };
  const { of, required } = reader.argumentsIn(root);
  const lines: string[] = [];
  for (const [name, said] of [...of].sort(([a], [b]) => (a < b ? -1 : 1))) {
    budget.left -= 1;
    const found = new Set(budget.left < 0 ? [undefined] : said.map((one) => reader.typeOf(one, root)));
    const [type] = found;
    if (type === undefined || found.size !== 1 || !reader.canBeAttribute(name)) {
      unseen.push(`body.${name}`);
      continue;
    }
    const isRequired = required.has(name) && !said.some((one) => reader.admitsNull(one, root));
    lines.push(`${reader.text(name)}${isRequired ? '' : '?'}: ${type}`);
  }
  if (lines.length === 0) {
    if (of.size === 0) unseen.push('body');
    return [];
  }
  return [`"body"${isNeeded ? '' : '?'}: { ${lines.join(', ')} }`];
}

/** `get_order` is `GetOrderInput`. Names with the same result get a suffix of their hash. */
function typeNames(operations: readonly string[]): Map<string, string> {
  const plain = (operation: string): string => {
    const words = operation.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
    const name = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
    return `${/^[A-Za-z]/.test(name) ? name : `O${name}`}Input`;
  };
  const taken = new Map<string, number>();
  for (const one of operations) taken.set(plain(one), (taken.get(plain(one)) ?? 0) + 1);
  return new Map(
    operations.map((one) => {
      const hash = createHash('sha256').update(one).digest('hex').slice(0, 8);
      return [one, taken.get(plain(one)) === 1 ? plain(one) : `${plain(one)}_${hash}`];
    }),
  );
}
