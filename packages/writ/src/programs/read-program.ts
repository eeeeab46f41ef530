import { type Language, type ReadProgram, together } from './facts.js';
import { shellFacts } from './shell-facts.js';
import type { Catalogue } from './sql/catalogue/catalogue.js';
import { loadSqlParser } from './sql/parser.js';
import { sqlReader } from './sql-facts.js';

/** The language of the programs of an argument. */
interface ProgramLanguage {
  readonly language: Language;
  /** The schemas in which PostgreSQL looks for names, in their order. */
  readonly searchPath?: readonly string[] | undefined;
  /** The relations of the database. Without it names mean what the text says. */
  readonly catalogue?: Catalogue | undefined;
}

/** Returns what reads the programs of an argument. It remembers some texts, so an argument has one of its own. */
export function programReader({ language, searchPath, catalogue }: ProgramLanguage): ReadProgram {
  const readSql = sqlReader(searchPath, catalogue);
  if (language === 'sql') {
    // Not with the first statement, which a decision waits for.
    loadSqlParser();
    return readSql;
  }
  return (text) => {
    const { facts, scripts } = shellFacts(text);
    return together([facts, ...scripts.map(readSql)]);
  };
}
