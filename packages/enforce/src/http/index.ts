/** The pure half of enforcement for HTTP: definitions of services, canonical requests, and what policies see of them. */

export { HTTP_BINDING, type NamedOperation } from './coaz/binding.js';
export { checkDeclared } from './coaz/check-declared.js';
export { type OperationSchema, type SchemaOptions, schemaOf, type TypeReader } from './coaz/operation-schema.js';
export { defaultMapping, type HttpVariables, inputOf, variablesOf } from './coaz/variables.js';
export { serviceOf } from './definition/define.js';
export { type PlainService, plainService, servedService } from './definition/plain-service.js';
export type { Pointer, Source } from './definition/problems.js';
export type { Operation, Service } from './definition/service.js';
export type { RouteSettings, ServiceSettings } from './definition/settings.js';
export { isAddressOrPrefix } from './egress/addresses.js';
export { DefinitionError, type Problem } from './errors.js';
export { type CanonicalRequest, canonicalRequest, type RawRequest, withBody } from './request/body.js';
export { type CanonicalHead, canonicalHead, type RawHead } from './request/canonical.js';
export { isIdentityHeader } from './request/header-names.js';
export { type Refusal, type RefusalCode, refusalCodes } from './request/refusal.js';
