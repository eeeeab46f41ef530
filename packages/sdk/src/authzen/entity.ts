/** The name of an entity, as in `User::"ana"`. */
export interface EntityUid {
  readonly type: string;
  readonly id: string;
}
