/** A process that runs one reader of foreign text over one text, and says how much of the processor it used. */

/** A text for a reader. */
export interface Reading {
  readonly reader: string;
  readonly text: string;
}

type Reader = (text: string) => unknown;

// The package exports none of them; this file runs beside them in `dist`.
const built = async <Module>(path: string): Promise<Module> =>
  (await import(new URL(path, import.meta.url).href)) as Module;
const { parseJson } = await import('@writ/cedar/json');
const { serveTasks } = await built<{ serveTasks: (handle: (reading: Reading) => unknown) => void }>(
  '../lib/child-tasks.js',
);
const { readTask } = await built<{ readTask: (task: object) => Promise<unknown> }>('../ledger/flow/read-task.js');
const { loadDetectors, quickFinders } = await import('@writ/enforce/detect');
type Readers = Readonly<Record<string, Reader>>;
const { formsOf, wordsOf, numberForm, groupedNumbersIn } = await built<Readers>('../ledger/flow/normal-form.js');
const { linksIn } = await built<Readers>('../ledger/flow/links.js');
const { shapesOf, exactForm } = await built<Readers>('../ledger/flow/value-kinds.js');
const { foldedIdsIn } = await built<Readers>('../ledger/flow/folded-id.js');
const { namedIn } = await built<Readers>('../ledger/flow/named-values.js');
const { Prompt } = await built<{ Prompt: new (text: string) => { names: (...of: unknown[]) => boolean } }>(
  '../ledger/flow/prompt-values.js',
);
const { loadSqlParser } = await built<{ loadSqlParser: () => unknown }>('../programs/sql/parser.js');
const { readSql } = await built<{ readSql: (text: string, options: object) => unknown }>('../programs/sql/read-sql.js');
const { readCatalogueFile } = await built<{ readCatalogueFile: (text: string) => object }>(
  '../programs/sql/catalogue/read-catalogue.js',
);
const { Catalogue } = await built<{ Catalogue: new (file: object) => object }>(
  '../programs/sql/catalogue/catalogue.js',
);
const { instructionsIn, hiddenIn, readAs } = (await import('@writ/sdk/lib/model-text')) as Readers;

const result = { $: 'external', '$..id': 'internal', '$[*].note': { labels: ['pii'], when: 'value.size() > 3' } };
const COUNTING = {
  one: { key: 'task', set: 'result.id' },
  each: { key: 'task', distinct: 'result.map(one, one.id)' },
};
function answerReader(declared: object, detect: Readonly<Record<string, string>>): Reader {
  const keys = { task: 't', actor: 'a', originator: 'a', resource: 'r', session: 's' };
  const event = {
    action: 't',
    input: {},
    resource: { type: 'T', id: 't' },
    lineage: 'a',
    keys,
    labels: [],
    effects: [],
  };
  return (text) =>
    readTask({
      tool: { name: 't', declared, unclassified: undefined },
      ...{ detect, accumulators: COUNTING, event, call: undefined, stored: [], echoes: [] },
      result: { content: [{ type: 'text', text }] },
    });
}

const detectors = ['email', 'phone', 'iban', 'card', 'secret', 'instructions', 'hidden-text'];
const masks = await quickFinders();
/** Every reader of text that a tool, an agent or a server chooses. */
const readers: Readonly<Record<string, Reader | undefined>> = {
  json: (text) => {
    try {
      return parseJson(text, { mode: 'wire', maxDepth: 64 });
    } catch {
      return undefined;
    }
  },
  ...Object.fromEntries(
    [undefined, 'json', 'yaml', 'lines', 'text'].map((format) => [
      `answer ${format}`,
      answerReader({ result, format }, {}),
    ]),
  ),
  ...Object.fromEntries(
    detectors.map((one) => [`detector ${one}`, answerReader({ result: 'external' }, { [one]: one })]),
  ),
  ...Object.fromEntries(Object.entries(masks).map(([name, find]) => [`mask ${name}`, find])),
  ...{ formsOf, wordsOf, numberForm, groupedNumbersIn, linksIn, shapesOf, exactForm, foldedIdsIn, namedIn },
  prompt: (text) => {
    const use = { role: 'target', kind: undefined, nouns: new Set(['file']) };
    return new Prompt(text).names(text.slice(0, 20), use, { characters: 2 ** 24 });
  },
  ...{ instructionsIn, hiddenIn, readAs },
  sql: (text) => readSql(text, { searchPath: ['public'] }),
  catalogue: (text) => {
    try {
      return new Catalogue(readCatalogueFile(text));
    } catch {
      return undefined;
    }
  },
};

loadSqlParser();
await loadDetectors();
serveTasks(async ({ reader, text }) => {
  if (reader === '') return Object.keys(readers);
  const start = process.cpuUsage();
  await (readers[reader] as Reader)(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
});
