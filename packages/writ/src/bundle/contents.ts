import type { z } from 'zod';
import { KINDS } from '../ledger/accumulators/kinds.js';
import { accessYaml } from './format/access.js';
import { factsYaml } from './format/facts.js';
import { ledgerShape } from './format/ledger.js';
import { mappingYaml } from './format/mapping.js';
import { obligationsYaml } from './format/obligations.js';
import { tasksYaml } from './format/tasks.js';
import { testsYaml } from './format/tests.js';
import { toolsYaml } from './format/tools.js';
import { writYaml } from './format/writ.js';

/** The files of a bundle: reading and the search for files that are not read follow from these lists. Which folders the version leaves out is in version.ts. */

/** A file of its own, by the member of the bundle that it becomes. */
interface NamedFile {
  readonly file: string;
  readonly shape: z.ZodType;
  /** The value that is read if there is no such file. */
  readonly absent: object | undefined;
}

export const NAMED_FILES = {
  settings: { file: 'writ.yaml', shape: writYaml, absent: {} },
  ledger: { file: 'ledger.yaml', shape: ledgerShape(KINDS), absent: {} },
  tools: { file: 'tools.yaml', shape: toolsYaml, absent: {} },
  /** Undefined if every task may do what its identities may. */
  tasks: { file: 'tasks.yaml', shape: tasksYaml.optional(), absent: undefined },
  facts: { file: 'facts.yaml', shape: factsYaml, absent: {} },
  obligations: { file: 'obligations.yaml', shape: obligationsYaml, absent: {} },
  access: { file: 'access.yaml', shape: accessYaml, absent: {} },
} as const satisfies Record<string, NamedFile>;

/** Cedar's own form has no shape here. */
export const SCHEMA_FILE = 'schema.cedarschema';

/** A folder whose files with one extension belong to the bundle. */
export interface Folder {
  readonly extension: string;
  /** Another extension that is read. */
  readonly also?: string;
  /** Undefined for files that are read by others than the YAML reader. */
  readonly shape: z.ZodObject | undefined;
}

export const FOLDERS = {
  policies: { extension: '.cedar', shape: undefined },
  service: { extension: '.cedar', shape: undefined },
  entities: { extension: '.json', shape: undefined },
  /** OpenAPI documents of services for HTTP. */
  openapi: { extension: '.yaml', also: '.json', shape: undefined },
  /** Catalogs of databases, for texts in SQL. */
  catalogues: { extension: '.json', shape: undefined },
  mappings: { extension: '.yaml', shape: mappingYaml },
  tests: { extension: '.yaml', shape: testsYaml },
} as const satisfies Record<string, Folder>;

type Files = typeof NAMED_FILES;
type Folders = typeof FOLDERS;
type YamlFolder = { [F in keyof Folders]: Folders[F]['shape'] extends undefined ? never : F }[keyof Folders];

/** The members of a bundle that are read from YAML. */
export type YamlContents = { readonly [M in keyof Files]: z.output<Files[M]['shape']> } & {
  readonly [F in YamlFolder]: readonly ({ readonly file: string } & z.output<NonNullable<Folders[F]['shape']>>)[];
};

/** Returns the paths of the files of their own. */
export function namedFiles(): string[] {
  return [...Object.values(NAMED_FILES).map(({ file }) => file), SCHEMA_FILE];
}
