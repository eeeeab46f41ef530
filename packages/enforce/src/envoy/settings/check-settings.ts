import { readDocument } from '../../http/definition/document.js';
import { DefinitionError } from '../../http/errors.js';
import { checkRuntime, checkServices } from './clusters.js';
import { Cursor, type EnvoyFinding, partsWhere, type Report } from './cursor.js';
import { FILTERS } from './filters.js';
import { checkResource } from './kubernetes.js';
import { checkManager } from './manager.js';
import { checkPerRoute, checkWrapped } from './routes.js';

const MAX_DOCUMENTS = 200;
const MAX_FINDINGS = 1_000;

/**
 * Reads a configuration of Envoy, or resources of Kubernetes that become one, and returns what opens in it: a bootstrap, a resource of
 * xDS or a patch, as YAML or JSON. The text is foreign: what cannot be read is a finding.
 */
export function checkSettings(file: string, text: string): EnvoyFinding[] {
  const found: EnvoyFinding[] = [];
  let isAny = false;
  for (const part of documentsOf(text)) {
    try {
      isAny = checkOne(file, part, found) || isAny;
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      for (const problem of error.problems) found.push({ severity: 'error', code: 'envoy/unreadable', ...problem });
      isAny = true;
    }
    if (found.length > MAX_FINDINGS) break;
  }
  if (!isAny)
    found.push({
      ...{ severity: 'error', code: 'envoy/nothing', file, line: 1, column: 1 },
      message: 'the file has no connection manager, and no filter that asks Writ',
      help: 'name the file of Envoy that has http_filters',
    });
  return found
    .slice(0, MAX_FINDINGS)
    .sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1));
}

function checkOne(file: string, text: string, found: EnvoyFinding[]): boolean {
  const document = readDocument(file, text);
  const report: Report = (severity, code, at, message, help) => {
    found.push({ severity, code, file, ...document.placeOf(at), message, help });
  };
  const root = new Cursor(document.root, []);
  const parts = partsWhere(root, ({ type }) => type !== undefined);
  const filters = parts.filter(({ type }) => FILTERS[type ?? ''] !== undefined);
  const managers = parts.filter(({ type }) => type === 'HttpConnectionManager');
  for (const filter of filters) FILTERS[filter.type ?? '']?.(filter, report);
  for (const manager of managers) checkManager(manager, report);
  for (const part of parts) {
    checkPerRoute(part, report);
    if (part.type === 'FilterConfig') checkWrapped(part, report);
  }
  checkServices(root, filters, report);
  checkRuntime(root, filters, report);
  const isResource = checkResource(root, report);
  return isResource || filters.length > 0 || managers.length > 0;
}

/** Divides a stream of YAML. Each document keeps its lines, so that its places are those of the file. */
function documentsOf(text: string): string[] {
  const documents: string[] = [];
  let [own, before]: [string[], number] = [[], 0];
  const end = (line: number): void => {
    if (own.some((one) => one.trim() !== '' && !one.trimStart().startsWith('#')))
      documents.push('\n'.repeat(before) + own.join('\n'));
    [own, before] = [[], line];
  };
  text.split('\n').forEach((line, i) => {
    if (/^---(?:\s|$)/.test(line)) end(i + 1);
    else own.push(line);
  });
  end(0);
  return documents.length > MAX_DOCUMENTS ? [text] : documents;
}
