import type { FieldKind } from './field-kinds.js';

type Integrity = 'external' | 'attested' | 'internal' | 'system';
export type Confidentiality = 'public' | 'internal' | 'confidential' | 'restricted';

/** Labels as tools.yaml has them. */
export type DraftedLabels =
  | string
  | readonly string[]
  | {
      readonly integrity?: Integrity;
      readonly confidentiality?: Confidentiality;
      readonly labels?: readonly string[];
      readonly kind?: FieldKind;
      readonly readers?: readonly string[];
      /** CEL. */
      readonly when?: string;
      readonly sentBy?: string;
    };
