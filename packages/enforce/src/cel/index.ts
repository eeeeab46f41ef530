export { MAPPING_VARIABLES, mappingEnvironment } from './environment.js';
