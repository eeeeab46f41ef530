import type { RouteTable } from '../routes/route-table.js';
import type { Template } from '../routes/template.js';

/** Methods that an operation can have. HEAD is that of the GET of its path; OPTIONS counts if it is declared. */
export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const;
export type Method = (typeof METHODS)[number];

export type ValueType = 'string' | 'integer' | 'number' | 'boolean';

/** The values that one name can have. */
export interface ValueRule {
  readonly type: ValueType;
  /** The values that it can have, as they are written. */
  readonly choices?: ReadonlySet<string> | undefined;
  /** Whether it is an address, in which an encoding inside an encoding is usual. */
  readonly isAddress: boolean;
}

/** A parameter of an operation, in one of the forms that have one reading. */
export interface Parameter {
  readonly name: string;
  readonly isRequired: boolean;
  /** `repeated`: `a=1&a=2`. `commas`: `a=1,2`. `members`: `a[x]=1&a[y]=2`. */
  readonly form: 'single' | 'repeated' | 'commas' | 'members';
  readonly value: ValueRule;
  /** The members of the form `members`. */
  readonly members: ReadonlyMap<string, ValueRule & { readonly isRequired: boolean }>;
  /** The schema as the document has it. */
  readonly schema: unknown;
}

/** `json`: read, decided on and rewritten. `opaque`: its media type and its size alone are seen. */
export type BodyKind = 'json' | 'opaque';

/** The bodies that an operation takes. */
export interface BodyRule {
  /** By media type, in lower case. Those with `*` take what no other takes. Empty if there is no body. */
  readonly kinds: ReadonlyMap<string, BodyKind>;
  readonly isRequired: boolean;
  readonly maxBytes: number;
  /** The schema of the JSON body as the document has it. */
  readonly schema: unknown;
}

/** An operation of a service: what is decided on. */
export interface Operation {
  /** The `operationId`, or the method and the route. */
  readonly name: string;
  readonly method: Method;
  /** The path as the document has it, without the base path. */
  readonly route: string;
  readonly template: Template;
  /** One line for people, as the document has it. */
  readonly summary?: string | undefined;
  readonly path: ReadonlyMap<string, Parameter>;
  readonly query: ReadonlyMap<string, Parameter>;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, Parameter>;
  readonly body: BodyRule;
  /** The one protocol that a connection of it may change to. */
  readonly upgrade: 'websocket' | undefined;
  /** Its `x-authzen-mapping`, unless the bundle alone maps. */
  readonly mapping: unknown;
  /** The member of the body, and its value there, by which a request is of this operation and not of another of its route. */
  readonly chosenBy?: { readonly member: string; readonly value: string } | undefined;
  /** The operations of a route of which the body chooses one, by the value of the member. Nobody decides on the route itself. */
  readonly choices?: { readonly member: string; readonly operations: ReadonlyMap<string, Operation> } | undefined;
  /** The way to the member of the body that says which conversation a request belongs to. */
  readonly conversation?: readonly string[] | undefined;
}

/** PEM, for connections to a service: the authorities that its certificate may be of, and our certificate with its key. */
interface TlsMaterial {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

/** The certificates that connections to a service are made with. */
export interface UpstreamTls {
  /** Returns the same object until the files have changed. */
  material(): TlsMaterial;
}

/** A service behind an enforcement point, ready for use. */
export interface Service {
  readonly name: string;
  /** The origin that it is reached at. */
  readonly upstream: URL;
  /** Undefined for the authorities of the system, and no certificate of ours. */
  readonly tls?: UpstreamTls | undefined;
  /** The names that requests have for it, in lower case. */
  readonly hosts: ReadonlySet<string>;
  readonly operations: readonly Operation[];
  readonly table: RouteTable;
  /** By the text of the template, with the base path, and the method. A route with several has them as its `choices`. */
  readonly byTemplate: ReadonlyMap<string, ReadonlyMap<Method, Operation>>;
  /** Requests that nobody decides on, as `GET /healthz`. */
  readonly passThrough: ReadonlySet<string>;
  readonly preflight: 'refuse' | 'pass';
  /** Headers that are forwarded although no operation declares them, in lower case. */
  readonly headers: ReadonlySet<string>;
  readonly numbers: 'shared' | 'exact';
  /** The most members and items of a JSON body. */
  readonly maxValues: number;
  /** The parts of the document that are left out, or do not reach the service. */
  readonly notes: readonly string[];
  /** The parts that schemas of the document refer to. */
  readonly components: unknown;
}
