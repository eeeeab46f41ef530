/**
 * Writes the last section of docs/service.md: the bodies of every operation of the service, from its OpenAPI document. The notation is
 * that of TypeScript types.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = new URL('../docs/service.md', import.meta.url);
const BEGIN = '## Every body\n';
const WIDTH = 108;
/** The answers that every operation can give, said once. */
const COMMON = ['400', '401', '403', '413', '431', '503'];

/** Returns the OpenAPI document of a service that is started for it. */
export async function openApiDocument() {
  const { start } = await import('../packages/writ/dist/index.js');
  const data = mkdtempSync(join(tmpdir(), 'writ-bodies-'));
  const bundle = fileURLToPath(new URL('../examples/authzen-certification', import.meta.url));
  const writ = await start({ bundle, data, port: 0, gatewayPort: 0 });
  try {
    const key = readFileSync(join(data, 'keys/admin.key'), 'utf8').trim();
    const response = await fetch(`${writ.serviceUrl}/openapi.json`, { headers: { Authorization: `Bearer ${key}` } });
    return await response.json();
  } finally {
    await writ.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Returns the section. */
export function bodiesOf({ paths, components }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const byTag = new Map();
  for (const one of operations) {
    const [tag] = one.operation.tags;
    byTag.set(tag, [...(byTag.get(tag) ?? []), one]);
  }
  shown.clear();
  const problem = typeOf(components.schemas.Problem, 4);
  const parts = [
    BEGIN,
    'This section is made from `/openapi.json` (`npm run service-bodies`), in the notation of TypeScript: `?` marks a',
    'member that can be absent, `|` a choice. Bodies are JSON, if nothing else is said. A long type is shown once.',
    '',
    'Each operation can also answer 400 (malformed), 401 (no proof of the caller), 403 (the caller may not), 413 and 431',
    '(too large) and 503 (not now), with a problem:',
    '',
    `    ${problem}`,
    '',
  ];
  for (const [tag, its] of byTag) {
    parts.push(`### ${tag}`, '');
    for (const one of its) parts.push(...linesOf(one), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function linesOf({ path, method, operation }) {
  const { summary, parameters = [], requestBody, responses } = operation;
  current = `${method} ${path}`;
  const query = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, required }) => `${name}${required ? '' : '?'}`);
  const said = `**\`${method} ${path}\`** ${summary}.`.replace(/([?.])\.$/, '$1');
  const lines = [...wrapped('', said), ''];
  if (query.length > 0) lines.push(...wrapped('    query   ', query.join(', ')));
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {}))
    lines.push(`    request ${kindOf(type)}${typeOf(schema, 4)}`);
  for (const [status, { content }] of Object.entries(responses)) {
    if (COMMON.includes(status) && content?.['application/problem+json'] !== undefined) continue;
    lines.push(`    ${status.padEnd(7)} ${answerOf(content)}`);
  }
  return lines;
}

function answerOf(content) {
  if (content === undefined) return 'no body';
  return Object.entries(content)
    .map(([type, { schema }]) => {
      if (type === 'application/problem+json') return 'a problem';
      return schema === undefined ? type : `${kindOf(type)}${typeOf(schema, 4)}`;
    })
    .join(' | ');
}

function kindOf(type) {
  return type === 'application/json' ? '' : `${type} `;
}

function wrapped(head, text) {
  const lines = [head];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (`${last}${word}`.length > WIDTH) lines.push(`${' '.repeat(head.length)}${word} `);
    else lines[lines.length - 1] = `${last}${word} `;
  }
  return lines.map((line) => line.trimEnd());
}

/** Returns a schema as a type; over several lines if it is long. */
function typeOf(schema, indent) {
  const short = flat(schema);
  if (short.length + indent + 30 <= WIDTH) return short;
  if (schema.enum !== undefined) return choicesOf(schema.enum, indent + 2);
  const text = JSON.stringify(schema);
  const known = shown.get(text);
  if (known !== undefined) return `(as in ${known})`;
  if (schema.type === 'object' && text.length >= MIN_REPEATED) shown.set(text, current);
  return broken(schema, indent);
}

/** The long types that were shown, each with its operation, and the operation that is shown now. */
const shown = new Map();
let current = '';
/** A type that is shorter in JSON is repeated. */
const MIN_REPEATED = 500;

function choicesOf(values, indent) {
  const lines = wrapped(' '.repeat(indent), values.map((value) => JSON.stringify(value)).join(' | '));
  return `\n${lines.join('\n')}`;
}

function flat(schema) {
  return broken(schema, undefined);
}

/** @param indent of the line that the type begins on; undefined for a type on one line */
function broken(schema, indent) {
  const inner = (one) => (indent === undefined ? flat(one) : typeOf(one, indent + 2));
  const { type, anyOf, oneOf, allOf, enum: values, const: constant, items, $ref } = schema ?? {};
  if ($ref !== undefined) return 'a problem';
  if (constant !== undefined) return JSON.stringify(constant);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  const choices = anyOf ?? oneOf;
  if (choices !== undefined)
    return joined(choices.map((one) => (indent === undefined ? flat(one) : typeOf(one, indent))));
  if (allOf !== undefined) return allOf.map(inner).join(' & ');
  if (Array.isArray(type)) return type.map((one) => flat({ ...schema, type: one })).join(' | ');
  if (type === 'array') {
    const item = indent === undefined ? flat(items) : typeOf(items, indent);
    return / [|&] /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  if (type === 'object') return objectOf(schema, indent, inner);
  if (type === 'integer' || type === 'number') return 'number';
  return type ?? 'any';
}

function joined(types) {
  return [...new Set(types)].join(' | ');
}

function objectOf({ properties = {}, required = [], additionalProperties }, indent, inner) {
  const members = Object.entries(properties).map(([name, schema]) => {
    const label = /^\w+$/.test(name) ? name : JSON.stringify(name);
    const note = indent === undefined || schema.description === undefined ? '' : `// ${schema.description}`;
    return { text: `${label}${required.includes(name) ? '' : '?'}: ${inner(schema)}`, note };
  });
  if (typeof additionalProperties === 'object')
    members.push({ text: `[name: string]: ${inner(additionalProperties)}`, note: '' });
  if (members.length === 0) return '{}';
  if (indent === undefined) return `{ ${members.map(({ text }) => text).join(', ')} }`;
  const pad = ' '.repeat(indent + 2);
  const lines = members.flatMap(({ text, note }) => {
    if (note === '') return [`${pad}${text}`];
    const beside = `${pad}${text}  ${note}`;
    return beside.length <= WIDTH && !text.includes('\n')
      ? [beside]
      : [...wrapped(`${pad}// `, note.slice(3)).map(commented), `${pad}${text}`];
  });
  return `{\n${lines.join('\n')}\n${' '.repeat(indent)}}`;
}

function commented(line, i) {
  return i === 0 ? line : line.replace(/^(\s*) {3}/, '$1// ');
}

/** Returns the page with the section for a document. */
export function pageWith(page, document) {
  const at = page.indexOf(`\n${BEGIN}`);
  const before = at === -1 ? page.trimEnd() : page.slice(0, at).trimEnd();
  return `${before}\n\n${bodiesOf(document)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8'), await openApiDocument()));
