import { Environment } from '@marcbachmann/cel-js';
import { sumOf } from '../sum-of.js';

/** The members of a record, by their CEL type. */
export interface CelRecord {
  readonly [name: string]: string | CelRecord;
}

/**
 * Returns the environment of expressions. It knows every variable, so that a typing error is found before it denies every action.
 *
 * @param input the types of the arguments; undefined if they can be anything
 */
export function environment(input: CelRecord | undefined): Environment {
  const known = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
    .registerVariable('action', 'string')
    .registerVariable('actor', 'string')
    .registerVariable('originator', 'string')
    .registerVariable('lineage', 'string')
    .registerVariable('resource', 'map<string, string>')
    .registerVariable('effects', 'list<string>')
    .registerVariable('destinations', 'list<string>')
    .registerVariable('targets', 'list<string>')
    .registerVariable('amount', 'dyn')
    .registerVariable('kind', 'string')
    .registerVariable('scope', 'list<string>')
    .registerVariable('assurance', 'int')
    .registerVariable('details', 'map<string, dyn>')
    .registerVariable('properties', 'map<string, dyn>')
    .registerVariable('facts', 'map<string, map<string, dyn>>')
    .registerVariable('derived', 'map<string, dyn>')
    .registerFunction('sum(list): dyn', sumOf);
  return input === undefined
    ? known.registerVariable('input', 'dyn')
    : known.registerVariable({ name: 'input', schema: input });
}
