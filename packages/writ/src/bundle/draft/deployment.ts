import type { EntityUid } from '@writ/cedar';
import { Document, visit } from 'yaml';

/** A server of the gateway as `writ.yaml` has it, without the members that have their defaults. */
export interface DeployedServer {
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly transport?: 'streamable-http' | 'sse' | undefined;
  readonly prefix?: string | undefined;
}

/** A client of the gateway: the agent that its key stands for, and the person that the agent works for. */
export interface DeployedClient {
  readonly agent: EntityUid;
  readonly for: EntityUid;
  /** Somebody else, who answers for the agent; the person if nobody is named. */
  readonly owner?: EntityUid | undefined;
}

/** The servers and clients that a bundle is drafted for, by name. */
export interface Deployment {
  readonly servers: ReadonlyMap<string, DeployedServer>;
  readonly clients: ReadonlyMap<string, DeployedClient>;
}

/** Returns a `writ.yaml` with these servers and clients. */
export function writYamlOf(name: string, { servers, clients }: Deployment): string {
  const document = new Document(
    {
      name,
      gateway: {
        servers: Object.fromEntries([...servers].map(([id, server]) => [id, declared(server)])),
        clients: Object.fromEntries(
          [...clients].map(([id, client]) => [id, { agent: textOf(client.agent), for: textOf(client.for) }]),
        ),
      },
    },
    { aliasDuplicateObjects: false },
  );
  document.commentBefore =
    ' Drafted by Writ. `${env:NAME}` stands for a value that is not written here: docs/gateway.md. Each client gets a key of its own.';
  return textIn(document);
}

/** Returns a server as it is written, without what is empty. */
export function declared(server: DeployedServer): Record<string, unknown> {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(server).filter(([, value]) => !isEmpty(value) && value !== ''));
}

/** Returns the text of a document, with short lists and clients on one line. */
export function textIn(document: Document): string {
  visit(document, {
    Seq(_key, list) {
      list.flow = true;
    },
    Map(_key, map) {
      if (map.items.some(({ key }) => String(key) === 'agent')) map.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function textOf({ type, id }: EntityUid): string {
  return `${type}::${JSON.stringify(id)}`;
}
