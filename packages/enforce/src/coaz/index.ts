export { MappingError } from '../errors.js';
export { type Binding, RESERVED_CONTEXT } from './binding.js';
export { OperationMapper } from './operation-mapper.js';
