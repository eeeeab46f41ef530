export {
  type CedarJson,
  type CedarJsonObject,
  type PolicyFailure,
  type PolicyInfo,
  PolicySet,
  type Request,
  type Response,
} from './authorize/policy-set.js';
export { watched } from './authorize/watched.js';
export { closest } from './closest.js';
export { type CompileOptions, compile, type PolicyJson, type PolicySetJson, type TemplateLinkJson } from './compile.js';
export { Entities, type EntitiesOptions, type EntityJson, type PreparedChange } from './entities/entities.js';
export { CedarError, type CedarErrorCode, type CedarErrorDetails, type Position, positionAt } from './errors.js';
export type { Environment } from './evaluate/environment.js';
export type { SeenCondition } from './explain/condition-tree.js';
export { Coverage, type PolicyCoverage } from './explain/coverage.js';
export { type Dereferences, findingDereferences } from './explain/dereferences.js';
export {
  type Explanation,
  explain,
  explainPolicy,
  type PartExplanation,
  type PolicyExplanation,
} from './explain/explain.js';
export type { AttributeRead, Outcome, Trace } from './explain/trace.js';
export { type Filter, type FilterTest, filterOf } from './partial/filter.js';
export { type EvaluateCedar, matchesFilter } from './partial/match-filter.js';
export {
  type PartialRequest,
  partiallyAuthorize,
  type Residual,
  type ResidualPolicy,
  type Unknown,
} from './partial/residual.js';
export { search, searchEach } from './partial/search.js';
export type { ActionConstraint, Expr, Policy, ScopeConstraint, Target } from './policy/ast.js';
export { childrenOf } from './policy/children.js';
export { type PolicyText, readPolicyText, utf16Offset } from './policy/read-text.js';
export { type ActionDeclaration, type EntityTypeDeclaration, type ResolvedSchema, Schema } from './schema/schema.js';
export { type CedarType, type RecordType, typeText } from './schema/types.js';
export { finish, type Steps } from './steps.js';
export { type EntityUid, parseUid, sameUid, uidText } from './values/uid.js';
export { Entity, type RecordValue, type Value } from './values/value.js';
export { valueProblem } from './values/value-problem.js';
export { valueText } from './values/value-text.js';
export { type OnWithheld, WithheldAttributes } from './values/withheld.js';
export { recordToJson, valueToJson } from './values/write-value.js';
