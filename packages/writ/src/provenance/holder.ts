import type { EntityUid } from '@writ/cedar';
import type { BroughtKey } from './brought-key.js';

/** The holder of a key. */
export type Holder =
  /** A caller of the service that the bundle declares: an enforcement point, an administrator, an auditor. */
  | { readonly kind: 'caller'; readonly name: string; readonly brings?: BroughtKey | undefined }
  /** A client of the gateway: an agent at work for somebody. */
  | {
      readonly kind: 'client';
      readonly name: string;
      readonly agent: EntityUid;
      readonly originator: EntityUid;
      readonly scopes: readonly string[];
      readonly brings?: BroughtKey | undefined;
    }
  /** A proxy of somebody else, in front of services, that asks before it forwards. It is nobody in a decision. */
  | { readonly kind: 'front'; readonly name: string; readonly brings?: BroughtKey | undefined }
  /** A caller of the service that an administrator added: the guard of one agent at work for one person. */
  | {
      readonly kind: 'added';
      readonly name: string;
      readonly agent: EntityUid | undefined;
      readonly originator: EntityUid;
    };

/** Returns the name of a holder among all kinds. */
export function holderKey({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}:${name}`;
}
