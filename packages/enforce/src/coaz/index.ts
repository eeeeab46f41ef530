export { MappingError } from '../errors.js';
export type { Binding } from './binding.js';
export { OperationMapper } from './operation-mapper.js';
