import { Environment } from '@marcbachmann/cel-js';
import { pathBelow, withFolders } from './paths.js';

/** The variables of the mappings of a bundle. */
export const MAPPING_VARIABLES: readonly string[] = ['params', 'token', 'server'];

/**
 * Returns the environment of expressions in templates of AuthZEN requests. Two functions are added to those of CEL:
 * `pathBelow(path, folder)` and `withFolders(path)`.
 */
export function mappingEnvironment(variables: readonly string[]): Environment {
  const cel = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: false });
  cel.registerFunction('pathBelow(string, string): string', pathBelow);
  cel.registerFunction('withFolders(string): list<string>', withFolders);
  for (const name of variables) cel.registerVariable(name, 'dyn');
  return cel;
}
