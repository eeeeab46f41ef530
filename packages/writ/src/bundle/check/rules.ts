import { catalog } from './access/catalog.js';
import { accessForm } from './access/form.js';
import { noBreakGlassAction } from './access/no-break-glass-action.js';
import { requestAttribute } from './access/request-attribute.js';
import { unknownApproverType } from './access/unknown-approver-type.js';
import { unusedTemplate } from './access/unused-template.js';
import { unknownFile } from './bundle/unknown-file.js';
import { entityTypes } from './entities/types.js';
import { factPath } from './facts/json-path.js';
import { noMaxAge } from './facts/no-max-age.js';
import { slowFetcher } from './facts/slow-fetcher.js';
import { twoFetchers } from './facts/two-fetchers.js';
import { unknownFact } from './facts/unknown-attribute.js';
import { leftOut } from './http/left-out.js';
import { httpMapping } from './http/mapping.js';
import { missingInput } from './http/missing-input.js';
import { noConnectAction } from './http/no-connect-action.js';
import { passThrough } from './http/pass-through.js';
import { privateAddress } from './http/private-address.js';
import { unknownHttpAction } from './http/unknown-action.js';
import { unknownOperation } from './http/unknown-operation.js';
import { unseenBody } from './http/unseen-body.js';
import { upstreamTls } from './http/upstream-tls.js';
import { accumulatorType } from './ledger/accumulator-type.js';
import { derivedValue } from './ledger/derived-value.js';
import { accumulatorExpression } from './ledger/expression.js';
import { resultType } from './ledger/result-type.js';
import { undeclaredAccumulator } from './ledger/undeclared-accumulator.js';
import { unfitArgument } from './ledger/unfit-argument.js';
import { unknownCountedAction } from './ledger/unknown-action.js';
import { unknownCountedArgument } from './ledger/unknown-argument.js';
import { unknownCountedWord } from './ledger/unknown-word.js';
import { unreadAccumulator } from './ledger/unread-accumulator.js';
import { unreadDerived } from './ledger/unread-derived.js';
import { untrustedResult } from './ledger/untrusted-result.js';
import { unknownMappedAction } from './mappings/unknown-action.js';
import { unknownServer } from './mappings/unknown-server.js';
import { unusedObligation } from './obligations/unused.js';
import { annotationValue } from './policies/annotation-value.js';
import { contradictoryPolicy } from './policies/contradiction.js';
import { duplicatePolicy } from './policies/duplicate.js';
import { emptyStepUp } from './policies/empty-step-up.js';
import { likeOnPath } from './policies/like-on-path.js';
import { likeOnSql } from './policies/like-on-sql.js';
import { misplacedAnnotation } from './policies/misplaced-annotation.js';
import { misspeltAnnotation } from './policies/misspelt-annotation.js';
import { overriddenPermit } from './policies/overridden.js';
import { policyTypes } from './policies/types.js';
import { unapprovableRequest } from './policies/unapprovable-request.js';
import { undeclaredObligation } from './policies/undeclared-obligation.js';
import { unknownTestedAction } from './policies/unknown-action.js';
import { unknownTestedKind } from './policies/unknown-kind.js';
import { unknownLabel } from './policies/unknown-label.js';
import { unknownApprovedPolicy } from './policies/unknown-policy.js';
import { unknownTemplate } from './policies/unknown-template.js';
import { unknownTestedTool } from './policies/unknown-tool.js';
import { unknownWord } from './policies/unknown-word.js';
import { unreachableStepUp } from './policies/unreachable-step-up.js';
import type { Rule } from './rule.js';
import { providedType } from './schema/provided-type.js';
import { serviceTypes } from './service/types.js';
import { issuerIdentity } from './settings/identity.js';
import { noPrompt } from './settings/no-prompt.js';
import { unknownAgent } from './settings/unknown-agent.js';
import { unknownSignalAttribute } from './signals/unknown-attribute.js';
import { unknownSignalType } from './signals/unknown-type.js';
import { noStartAction } from './tasks/no-start-action.js';
import { unknownMandateAction } from './tasks/unknown-action.js';
import { unknownClientKind } from './tasks/unknown-kind.js';
import { unknownCall } from './tests/unknown-action.js';
import { unknownTestInput } from './tests/unknown-input.js';
import { argumentWithoutRole } from './tools/argument-without-role.js';
import { toolDescription } from './tools/description.js';
import { misspeltLabel } from './tools/misspelt-label.js';
import { programArgument } from './tools/program-argument.js';
import { reservedName } from './tools/reserved-name.js';
import { undescribedResult } from './tools/undescribed-result.js';
import { undescribedTool } from './tools/undescribed-tool.js';
import { unknownTool } from './tools/unknown-action.js';
import { unknownRoleArgument } from './tools/unknown-argument.js';
import { unknownReaders } from './tools/unknown-readers.js';
import { unknownStore } from './tools/unknown-store.js';
import { weakDetector } from './tools/weak-detector.js';

/** The rules that a bundle is checked by, in the order of their findings. */
export const RULES: readonly Rule[] = [
  unknownFile,
  policyTypes,
  serviceTypes,
  providedType,
  entityTypes,
  undeclaredObligation,
  misplacedAnnotation,
  misspeltAnnotation,
  emptyStepUp,
  annotationValue,
  unreachableStepUp,
  unknownLabel,
  unknownTestedAction,
  unknownWord,
  unknownTestedKind,
  unknownApprovedPolicy,
  unknownTestedTool,
  likeOnPath,
  likeOnSql,
  contradictoryPolicy,
  overriddenPermit,
  duplicatePolicy,
  unusedObligation,
  unknownServer,
  unknownMappedAction,
  unknownOperation,
  httpMapping,
  missingInput,
  unknownHttpAction,
  passThrough,
  privateAddress,
  noConnectAction,
  leftOut,
  unseenBody,
  upstreamTls,
  noStartAction,
  unknownMandateAction,
  unknownClientKind,
  undeclaredAccumulator,
  accumulatorType,
  accumulatorExpression,
  unreadAccumulator,
  unknownCountedAction,
  unknownCountedWord,
  unknownCountedArgument,
  unfitArgument,
  untrustedResult,
  resultType,
  derivedValue,
  unreadDerived,
  reservedName,
  unknownTool,
  undescribedTool,
  undescribedResult,
  unknownRoleArgument,
  programArgument,
  unknownStore,
  unknownReaders,
  misspeltLabel,
  argumentWithoutRole,
  toolDescription,
  weakDetector,
  unknownFact,
  factPath,
  twoFetchers,
  noMaxAge,
  slowFetcher,
  unknownSignalType,
  unknownSignalAttribute,
  issuerIdentity,
  unknownAgent,
  noPrompt,
  unapprovableRequest,
  unknownTemplate,
  requestAttribute,
  unusedTemplate,
  unknownApproverType,
  noBreakGlassAction,
  catalog,
  accessForm,
  unknownCall,
  unknownTestInput,
];
