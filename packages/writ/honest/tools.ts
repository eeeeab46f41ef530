import type { ListedTool } from '#writ/bundle/draft/listed-tool.js';

/** The tools of the three servers of a coding agent: its files, its notes, and a site with issues and pages. */

type Properties = Readonly<Record<string, object>>;
const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const objects = (properties: Properties) => ({
  type: 'array',
  items: { type: 'object', properties, required: Object.keys(properties) },
});
const tool =
  (server: string) =>
  (name: string, description: string, properties: Properties, isReading = false): ListedTool => ({
    ...{ name, server, description },
    inputSchema: { type: 'object', properties, required: Object.keys(properties) },
    ...(isReading ? { annotations: { readOnlyHint: true } } : {}),
  });

const file = tool('files');
const note = tool('notes');
const site = tool('site');

export const TOOLS: readonly ListedTool[] = [
  file('read_text_file', 'Read the complete contents of a file as text', { path: TEXT }, true),
  file('list_directory', 'List the files of a directory', { path: TEXT }, true),
  file('search_files', 'Search for files that match a pattern', { path: TEXT, pattern: TEXT }, true),
  file('write_file', 'Create a new file or overwrite an existing file', { path: TEXT, content: TEXT }),
  file('edit_file', 'Replace parts of a text file', {
    path: TEXT,
    edits: objects({ oldText: TEXT, newText: TEXT }),
  }),
  file('create_directory', 'Create a new directory', { path: TEXT }),
  file('move_file', 'Move or rename a file', { source: TEXT, destination: TEXT }),
  file('delete_file', 'Delete a file', { path: TEXT }),
  note('read_graph', 'Read the entire knowledge graph', {}, true),
  note('search_nodes', 'Search for nodes in the knowledge graph', { query: TEXT }, true),
  note('create_entities', 'Create new entities in the knowledge graph', {
    entities: objects({ name: TEXT, entityType: TEXT, observations: TEXTS }),
  }),
  note('add_observations', 'Add observations to entities', {
    observations: objects({ entityName: TEXT, contents: TEXTS }),
  }),
  note('create_relations', 'Create relations between entities', {
    relations: objects({ from: TEXT, to: TEXT, relationType: TEXT }),
  }),
  note('delete_observations', 'Delete observations from entities', {
    deletions: objects({ entityName: TEXT, observations: TEXTS }),
  }),
  site('list_issues', 'List the issues of a repository', { repo: TEXT }, true),
  site('get_issue', 'Get an issue with its comments', { repo: TEXT, number: { type: 'integer' } }, true),
  site('fetch_page', 'Fetch a page of the web', { url: TEXT }),
  site('create_issue', 'Create a new issue', { repo: TEXT, title: TEXT, body: TEXT }),
  site('post_comment', 'Post a comment to an issue', { repo: TEXT, number: { type: 'integer' }, body: TEXT }),
];
