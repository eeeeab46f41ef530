import { compile as compilePath } from 'json-p3';
import { millisecondsOf } from '../../lib/duration.js';
import type { Bundle } from '../bundle.js';
import type { Finding } from './finding.js';

/** What `facts.yaml` says, beside the types that the schema has. */
export function checkFacts({ facts: { facts, fetchers }, schema }: Bundle): Finding[] {
  const findings: Finding[] = [];
  const say = (severity: Finding['severity'], message: string, help: string): void => {
    findings.push({ severity, file: 'facts.yaml', line: 1, column: 1, message, help });
  };
  const declares = (type: string, attribute: string): boolean =>
    schema.entityTypes.get(type)?.attributes.attributes.has(attribute) === true;
  for (const [type, attributes] of Object.entries(facts)) {
    for (const attribute of Object.keys(attributes))
      if (!declares(type, attribute))
        say('error', `the schema has no attribute ${attribute} of ${type}`, 'no policy could ever read it');
  }
  const isPath = (fetcher: string, path: string): void => {
    try {
      compilePath(path);
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
      say('error', `${fetcher}: ${path} is not a JSONPath: ${why}`, 'as in $.state (RFC 9535)');
    }
  };
  const broughtBy = new Map<string, string>();
  for (const [name, { of, attributes, every, id, http }] of Object.entries(fetchers)) {
    for (const path of [id, http?.items ?? '$', ...Object.values(attributes)]) isPath(name, path);
    for (const attribute of Object.keys(attributes)) {
      const fact = `${of}.${attribute}`;
      const maxAge = facts[of]?.[attribute]?.maxAge;
      if (!declares(of, attribute))
        say('error', `${name}: the schema has no attribute ${attribute} of ${of}`, 'no policy could ever read it');
      const other = broughtBy.get(fact);
      if (other !== undefined) say('error', `${name} and ${other} both bring ${fact}`, 'one source for one fact');
      broughtBy.set(fact, name);
      if (maxAge === undefined)
        say(
          'error',
          `${name}: ${fact} has no maxAge`,
          'say under `facts` for how long what was fetched may be relied on',
        );
      else if (every !== undefined && millisecondsOf(every) >= millisecondsOf(maxAge))
        say(
          'warning',
          `${name}: ${fact} is fetched every ${every} and is too old after ${maxAge}`,
          'between two fetches there is a time when nothing is decided on it; fetch more often',
        );
    }
  }
  return findings;
}
