import type { CedarType, RecordType, Schema } from '@writ/cedar';

const HEAD = [
  '// Written by `writ bundle types`. Write it again when the schema of the bundle changes; --check says when.',
  '/** The actions of the bundle: `createWrit<Actions>(…)`. */',
  'export interface Actions {',
  '',
].join('\n');

/** Returns the types of the actions of a schema for clients of TypeScript. The same schema gives the same text. */
export function actionTypes(schema: Schema): string {
  const actions = [...schema.actions]
    .filter(({ principalTypes, resourceTypes }) => principalTypes.size > 0 && resourceTypes.size > 0)
    .sort((a, b) => (a.uid.id < b.uid.id ? -1 : 1));
  const members = actions.map(({ uid, principalTypes, resourceTypes, context }) => {
    const parts = [
      `principal: ${oneOf(principalTypes)}`,
      `resource: ${oneOf(resourceTypes)}`,
      `input: ${inputOf(context)}`,
    ];
    return `  ${JSON.stringify(uid.id)}: {\n${parts.map((part) => `    ${part};\n`).join('')}  };\n`;
  });
  return `${HEAD}${members.join('')}}\n`;
}

function oneOf(types: ReadonlySet<string>): string {
  return [...types]
    .sort()
    .map((type) => JSON.stringify(type))
    .join(' | ');
}

function inputOf({ attributes }: RecordType): string {
  const input = attributes.get('input');
  if (input === undefined) return 'undefined';
  return input.required ? typeOf(input.type) : `${typeOf(input.type)} | undefined`;
}

/** Returns the type of a value as JSON has it. */
function typeOf(type: CedarType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'long':
      return 'number';
    case 'string':
      return 'string';
    case 'set':
      return `readonly (${typeOf(type.element)})[]`;
    case 'record':
      return recordOf(type);
    default:
      // An entity or an extension value has several forms in JSON; the service reads each by the schema.
      return 'unknown';
  }
}

function recordOf({ attributes }: RecordType): string {
  const members = [...attributes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { type, required }]) => `readonly ${JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(type)}`);
  return members.length === 0 ? 'Readonly<Record<string, never>>' : `{ ${members.join('; ')} }`;
}
