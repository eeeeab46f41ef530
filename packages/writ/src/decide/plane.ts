import type { ActionDeclaration, Dereferences, PolicySet, Schema } from '@writ/cedar';
import type { DerivedValues } from '../ledger/derived/derived-values.js';
import type { Detection } from '../ledger/flow/detectors.js';
import type { Tools } from '../ledger/flow/tool-description.js';
import type { Mandate } from '../provenance/mandate.js';
import type { TaskKinds } from '../provenance/task-kinds.js';
import type { Fetchers } from '../registry/fetch/fetchers.js';
import type { Registry } from '../registry/registry.js';
import type { DeclaredObligation } from './obligations.js';

/** The form of a request for access (Access Request and Approval Profile, "Machine-Readable Forms", "Catalog References"). */
export interface RequestForm {
  /** JSON Schema of `{context, requested_access}`. */
  readonly schema: object;
  /** The fields whose values are ids of entities of a type, by JSON Pointer into the schema. */
  readonly catalogs: Readonly<Record<string, { readonly type: string; readonly label?: string | undefined }>>;
}

/** A bundle prepared for deciding. An activation replaces it whole; a decision sees one of them. */
export interface PolicyPlane {
  readonly policies: PolicySet;
  readonly schema: Schema;
  /** The actions that requests can name, by id. */
  readonly actions: ReadonlyMap<string, ActionDeclaration>;
  readonly policyVersion: string;
  readonly delegation: 'path' | 'actor';
  readonly tools: Tools;
  /** The detectors for results. */
  readonly detect: Detection;
  /** The values that are computed from calls and facts. */
  readonly derived: DerivedValues;
  readonly obligations: Readonly<Record<string, DeclaredObligation>>;
  /** Undefined if the bundle declares no kinds: a task may then do what its identities may, unless its token says less. */
  readonly tasks: TaskKinds | undefined;
  /** The mandate of a task of the default kind; undefined without `tasks`. */
  readonly usualMandate: Mandate | undefined;
  /** A task without a token that was unused for longer has ended. */
  readonly idleMs: number;
  /** For how long the labels and values that a task has read count for others of its lineage. */
  readonly lineageMs: number;
  readonly registry: Registry;
  /** The entities whose attributes policies read, apart from those of the request. */
  readonly dereferences: Dereferences;
  /** The forms of requests for access, by template. */
  readonly forms: ReadonlyMap<string, RequestForm>;
  /** The templates that ask the originator for consent. */
  readonly consents: ReadonlySet<string>;
  /** Fetches facts that a decision needs; undefined if the bundle declares no fetcher, or nothing fetches here. */
  readonly fetchers: Pick<Fetchers, 'waitsFor' | 'isEmpty'> | undefined;
}
