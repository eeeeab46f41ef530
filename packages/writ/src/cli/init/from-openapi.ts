import { basename } from 'node:path';
import { uidText } from '@writ/cedar';
import pc from 'picocolors';
import { parseDocument } from 'yaml';
import { type DescribedService, DRAFTED_CLIENT, draftService } from '../../bundle/draft/http/draft-service.js';
import type { DraftedOperation } from '../../bundle/draft/http/operations.js';
import { isLoopback } from '../../lib/loopback.js';
import { readTextFile } from '../../lib/text-file.js';
import { visibleLine } from '../../lib/visible-text.js';
import { InitError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { type PeopleFlags, peopleOf } from '../init-people.js';
import { count, print, printJson } from '../output.js';
import { shellWord } from '../shell-word.js';
import { HTTP_PORT } from '../verb.js';
import { bundleName, writeFiles, writeSchemas } from './written.js';

interface FromOpenapiFlags extends PeopleFlags {
  /** File with the OpenAPI document. */
  readonly openapi: string;
  /** The origin of the service. */
  readonly upstream?: string;
}

/** The operations that are shown one by one, of each kind. */
const MAX_SHOWN = 20;
/** A longer document is refused by its reader. */
const MAX_CHARACTERS = 4 * 2 ** 20;
const LOCAL = ['localhost', '127.0.0.1'];

/** `writ init --openapi FILE`: drafts a bundle for a service over HTTP from its OpenAPI document. */
export async function initFromOpenapi(folder: string, root: string, flags: FromOpenapiFlags): Promise<ExitCode> {
  const text = readTextFile(flags.openapi);
  const own = addressesIn(text);
  const upstream = originOf(flags.upstream, own);
  const described: DescribedService = {
    ...{ name: serviceName(flags.openapi), file: flags.openapi, text, upstream },
    hosts: hostsOf(own),
  };
  const client = await peopleOf(flags);
  const { files, operations } = draftService(bundleName(root), described, client);
  writeSchemas(root);
  writeFiles(root, files);
  if (flags.json === true) printJson({ folder: root, service: described.name, operations: operations.map(asJson) });
  else summary(folder, described, operations, client);
  return EXIT.ok;
}

/** Returns a name of a bundle for a service: that of its document. */
function serviceName(file: string): string {
  const plain = basename(file === '-' ? 'service' : file)
    .replace(/\.\w+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return plain || 'service';
}

/** Returns the addresses that a document names as its servers. The reader of the document names what is wrong with the others. */
function addressesIn(text: string): URL[] {
  if (text.length > MAX_CHARACTERS) return [];
  let servers: unknown;
  try {
    const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' });
    servers = (document.get('servers') as { toJSON?(): unknown } | undefined)?.toJSON?.();
  } catch {
    return [];
  }
  if (!Array.isArray(servers)) return [];
  return (servers.slice(0, 50) as unknown[]).flatMap((server) => {
    const { url } = (typeof server === 'object' && server !== null ? server : {}) as { url?: unknown };
    const isAddress = typeof url === 'string' && /^https?:\/\/[a-z0-9.:[\]-]+(?:\/|$)/i.test(url) && URL.canParse(url);
    return isAddress ? [new URL(url)] : [];
  });
}

/** @throws {InitError} if neither the option nor the document says where the service is */
function originOf(given: string | undefined, addresses: readonly URL[]): string {
  if (given === undefined) {
    const [first] = addresses;
    if (first !== undefined) return first.origin;
    throw new InitError(
      'the document does not say where the service is',
      'name its address: --upstream http://127.0.0.1:8080',
    );
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new InitError(
      `${given} is not the address of a service`,
      'write scheme, host and port alone, as --upstream http://127.0.0.1:8080',
    );
  return url.origin;
}

/** Returns the names under which requests ask for it: those of the document, and of the proxy on this machine. */
function hostsOf(addresses: readonly URL[]): string[] {
  const others = addresses.filter(({ hostname }) => !isLoopback(hostname)).map(({ host }) => host);
  return [...new Set([...others, ...LOCAL.map((name) => `${name}:${HTTP_PORT}`)])];
}

function summary(
  folder: string,
  { name, upstream }: DescribedService,
  operations: readonly DraftedOperation[],
  client: Awaited<ReturnType<typeof peopleOf>>,
): void {
  const reserved = operations.filter((one) => one.isReserved);
  const kept = operations.filter((one) => !one.isReserved);
  const [agent, person] = [uidText(client.agent), uidText(client.for)];
  printKind(
    `${agent} may, for ${person}:`,
    kept.filter(({ isReading }) => isReading),
  );
  printKind(
    'Asked of a person each time:',
    kept.filter(({ isReading }) => !isReading),
  );
  for (const { operation } of reserved)
    print(pc.yellow(`${shown(operation)} is denied: an action of Writ has its name. Give it another operationId`));
  const unseen = kept.filter((one) => one.unseen.length > 0);
  for (const { operation, unseen: parts } of unseen.slice(0, MAX_SHOWN))
    print(pc.yellow(`${shown(operation)}: policies do not see ${visibleLine(parts.join(', '), 200)}`));
  if (unseen.length > MAX_SHOWN) print(pc.yellow(`and ${count(unseen.length - MAX_SHOWN, 'operation')} more of that`));
  if (client.owner === undefined)
    print(
      pc.yellow(
        `Nobody can agree to what is asked: somebody else has to answer for ${agent}. Draft with --owner 'User::"lena"'.`,
      ),
    );
  const here = shellWord(folder);
  const example = examplePath(kept);
  print(`
${count(operations.length, 'operation')} of ${name} (${upstream}) drafted into ${folder}. Next:
  writ check ${here}
  writ test ${here}
  writ start --bundle ${here}
  curl -H "Authorization: Bearer $(cat data/keys/${DRAFTED_CLIENT}.key)" \\
    http://127.0.0.1:${HTTP_PORT}${example}
Go through policies/${name}.cedar: it lists what is permitted, and what is asked.`);
}

/** Returns the path of a request that is permitted, where one can be written down as it is. */
function examplePath(operations: readonly DraftedOperation[]): string {
  const plain = operations.find(
    ({ isReading, operation: { template, path, query, headers } }) =>
      isReading &&
      path.size === 0 &&
      [...query.values(), ...headers.values()].every(({ isRequired }) => !isRequired) &&
      /^[\w/.~-]{1,40}$/.test(template.text),
  );
  return plain?.operation.template.text ?? '/…';
}

function printKind(title: string, operations: readonly DraftedOperation[]): void {
  if (operations.length === 0) return;
  print(pc.bold(title));
  for (const { operation, tool } of operations.slice(0, MAX_SHOWN))
    print(`  ${shown(operation)}${pc.dim(`  ${tool.effects.join(', ')}: ${tool.because}`)}`);
  if (operations.length > MAX_SHOWN) print(`  and ${count(operations.length - MAX_SHOWN, 'operation')} more`);
}

/** Returns an operation on one line. Its words are of a stranger. */
function shown({ name, method, route }: DraftedOperation['operation']): string {
  const place = `${method} ${route}`;
  return visibleLine(name === place ? place : `${name}  ${place}`, 200);
}

function asJson({ operation: { name, method, route }, isReading, isReserved, tool, unseen }: DraftedOperation): object {
  const result = isReserved ? 'deny' : isReading ? 'allow' : 'step_up';
  return { name, method, route, result, effects: tool.effects, because: tool.because, unseen };
}
