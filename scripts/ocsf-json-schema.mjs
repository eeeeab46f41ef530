// Makes a JSON Schema of one event class of OCSF from a checkout of github.com/ocsf/ocsf-schema, for the test of our export:
// node scripts/ocsf-json-schema.mjs <checkout> application/api_activity security_control,trace > packages/writ/test/ocsf/….json
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [root, path, profiles = ''] = process.argv.slice(2);
const wanted = new Set(profiles.split(',').filter((name) => name !== ''));
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const dictionary = read('dictionary.json');
const version = read('version.json').version;
const categories = read('categories.json').attributes;
const defs = {};

/** The attributes of a class or an object: with what it extends and includes, as far as the profiles are wanted. */
function attributesOf(file) {
  const { extends: base, attributes, constraints, ...rest } = read(file);
  const folder = file.startsWith('objects/') ? 'objects' : 'events';
  const inherited =
    base === undefined
      ? { attributes: {} }
      : attributesOf(folder === 'objects' ? `objects/${fileOf('objects', base)}` : `events/${classFile(base)}`);
  const { $include: includes = [], ...own } = attributes;
  const all = { ...inherited.attributes };
  for (const include of [includes].flat()) {
    const { meta, name, attributes: more, annotations } = read(include);
    if (meta === 'profile' && !wanted.has(name)) continue;
    for (const [attribute, said] of Object.entries(more)) merge(all, attribute, { ...annotations, ...said });
  }
  for (const [attribute, said] of Object.entries(own)) {
    if (typeof said.profile === 'string' && !wanted.has(said.profile)) continue;
    merge(all, attribute, said);
  }
  return { ...inherited, ...rest, attributes: all, constraints: constraints ?? inherited.constraints };
}

function merge(all, attribute, said) {
  const before = all[attribute] ?? {};
  const enums = said.enum === undefined ? before.enum : { ...before.enum, ...said.enum };
  all[attribute] = { ...before, ...said, ...(enums === undefined ? {} : { enum: enums }) };
}

const fileOf = (folder, name) =>
  readdirSync(join(root, folder)).find((one) => one === `${name}.json` || one === `_${name}.json`);
function classFile(name) {
  if (existsSync(join(root, 'events', `${name}.json`))) return `${name}.json`;
  for (const category of readdirSync(join(root, 'events')))
    if (existsSync(join(root, 'events', category, `${name}.json`))) return `${category}/${name}.json`;
  throw new Error(`no class ${name}`);
}

function schemaOf({ attributes, constraints, name }) {
  const properties = {};
  const required = [];
  for (const [attribute, said] of Object.entries(attributes)) {
    const declared = { ...dictionary.attributes[attribute], ...said };
    const known = dictionary.attributes[attribute]?.enum;
    const enums = said.enum === undefined ? known : { ...known, ...said.enum };
    const one = typeSchema(declared.type, enums);
    properties[attribute] = declared.is_array ? { type: 'array', items: one } : one;
    if (declared.requirement === 'required') required.push(attribute);
  }
  return {
    type: 'object',
    properties,
    additionalProperties: name === 'object',
    ...(required.length === 0 ? {} : { required }),
    ...(constraints?.at_least_one === undefined
      ? {}
      : { anyOf: constraints.at_least_one.map((attribute) => ({ required: [attribute] })) }),
  };
}

function typeSchema(type, enums) {
  if (type?.endsWith('_t')) {
    const known = dictionary.types.attributes[type] ?? {};
    const base = known.type ?? type;
    const schema =
      {
        string_t: { type: 'string' },
        integer_t: { type: 'integer' },
        long_t: { type: 'integer' },
        float_t: { type: 'number' },
        boolean_t: { type: 'boolean' },
        json_t: {},
      }[base] ?? {};
    if (enums !== undefined) {
      const values = Object.keys(enums);
      return { ...schema, enum: schema.type === 'integer' ? values.map(Number) : values };
    }
    return {
      ...schema,
      ...(known.regex === undefined ? {} : { pattern: known.regex }),
      ...(known.range === undefined ? {} : { minimum: known.range[0], maximum: known.range[1] }),
    };
  }
  const name = type ?? 'object';
  if (defs[name] === undefined) {
    defs[name] = {};
    defs[name] = schemaOf(attributesOf(`objects/${fileOf('objects', name)}`));
  }
  return { $ref: `#/$defs/${name}` };
}

const event = attributesOf(`events/${path}.json`);
const category = categories[event.category].uid;
const uid = category * 1_000 + event.uid;
const schema = schemaOf(event);
schema.properties.class_uid = { const: uid };
schema.properties.category_uid = { const: category };
schema.properties.type_uid = { enum: schema.properties.activity_id.enum.map((activity) => uid * 100 + activity) };
// Kept: what ours can have, so that the file stays small.
process.stdout.write(
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', $comment: `OCSF ${version}, ${path}, profiles ${[...wanted].join(', ')}; Apache-2.0, https://github.com/ocsf/ocsf-schema`, ...schema, $defs: defs })}\n`,
);
