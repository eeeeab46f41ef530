import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { type DraftedTool, formatted, toolNode } from './draft.js';
import { BEGIN, END, generatedSchema } from './generated-schema.js';
import type { ListedTool } from './listed-tool.js';

/** Returns a `tools.yaml` with more tools. The rest of it stays, comments too. */
export function withTools(text: string, tools: readonly DraftedTool[]): string {
  const document = parseDocument(text.trim() === '' ? 'tools: {}\n' : text, { version: '1.2' });
  if (!document.has('tools')) document.set('tools', document.createNode({}));
  const all = document.get('tools') as YAMLMap;
  if (isMap(all)) all.flow = false;
  for (const tool of tools) {
    const { comments, described } = toolNode(tool);
    const key = document.createNode(tool.name);
    if (isScalar(key)) key.commentBefore = comments.map((line) => ` ${line}`).join('\n');
    const value = document.createNode(described);
    formatted(value);
    all.add({ key, value });
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/**
 * Returns a schema with the types and actions of more tools, in its generated part.
 *
 * @throws {CedarError} when a name is taken
 */
export function withSchemaOf(schema: string, tools: readonly ListedTool[]): string {
  const { text } = generatedSchema(tools, schema, schema);
  const more = text.replace(`${BEGIN}\n`, '').replace(`${END}\n`, '');
  const end = schema.indexOf(END);
  return end === -1 ? `${schema.trimEnd()}\n\n${text}` : `${schema.slice(0, end)}${more}${schema.slice(end)}`;
}
