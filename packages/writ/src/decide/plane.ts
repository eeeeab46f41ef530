import type { ActionDeclaration, Dereferences, PolicySet, Schema } from '@writ/cedar';
import type { Detection } from '../ledger/flow/detectors.js';
import type { Tools } from '../ledger/flow/tool-description.js';
import type { Mandate } from '../provenance/mandate.js';
import type { TaskKinds } from '../provenance/task-kinds.js';
import type { Fetchers } from '../registry/fetch/fetchers.js';
import type { Registry } from '../registry/registry.js';
import type { DeclaredObligation } from './obligations.js';

/** What a request for access has besides (Access Request and Approval Profile, "Machine-Readable Forms", "Catalog References"). */
export interface RequestForm {
  /** JSON Schema of `{context, requested_access}`. */
  readonly schema: object;
  /** By JSON Pointer into that, fields whose values are ids of entities of a type. */
  readonly catalogs: Readonly<Record<string, { readonly type: string; readonly label?: string | undefined }>>;
}

/** A bundle made ready to decide with. Replaced whole when a new one is activated; a decision sees one of them. */
export interface PolicyPlane {
  readonly policies: PolicySet;
  readonly schema: Schema;
  /** The actions that requests can name, by id. */
  readonly actions: ReadonlyMap<string, ActionDeclaration>;
  readonly policyVersion: string;
  readonly delegation: 'path' | 'actor';
  readonly tools: Tools;
  /** What results are looked through for. */
  readonly detect: Detection;
  readonly obligations: Readonly<Record<string, DeclaredObligation>>;
  /** Undefined when the bundle has none: then a task may do what its identities may, unless its token says less. */
  readonly tasks: TaskKinds | undefined;
  /** What a task may do that nobody started as another kind; undefined without `tasks`. */
  readonly usualMandate: Mandate | undefined;
  readonly registry: Registry;
  /** Whose attributes policies read besides those of the request's own entities. */
  readonly dereferences: Dereferences;
  /** What somebody who asks for access says besides, by template. */
  readonly forms: ReadonlyMap<string, RequestForm>;
  /** Fetches facts that a decision needs; undefined if the bundle declares no fetcher, or nothing fetches here. */
  readonly fetchers: Pick<Fetchers, 'waitsFor' | 'isEmpty'> | undefined;
}
