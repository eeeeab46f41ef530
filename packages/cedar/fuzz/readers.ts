import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { compile, Entities } from '../src/index.js';

/** Returns whether the official engine reads a policy set of one policy; a template if it has slots. */
export function officialReadsPolicy(json: unknown): boolean {
  const [set, template] = [{ staticPolicies: { p: json } }, { templates: { p: json } }];
  const given = JSON.stringify(json).includes('"slot"') ? template : set;
  return official.checkParsePolicySet(given as official.PolicySet).type === 'success';
}

/** Returns whether ours reads it. */
export function oursReadsPolicy(json: unknown): boolean {
  const isTemplate = JSON.stringify(json).includes('"slot"');
  return reads(() => compile({ policies: isTemplate ? { templates: { p: json as object } } : [json as object] }));
}

/** Returns how many policies the official engine finds in a text; undefined if it refuses the text. */
export function officialCount(text: string): number | undefined {
  const parts = official.policySetTextToParts(text);
  return parts.type === 'success' ? parts.policies.length : undefined;
}

/** Returns how many policies ours finds; undefined if it refuses the text. */
export function ourCount(text: string): number | undefined {
  try {
    return [...compile({ policies: text }).asts].length;
  } catch {
    return undefined;
  }
}

/** Returns whether ours and the official engine read entities. */
export function readEntities(json: unknown): { readonly official: boolean; readonly ours: boolean } {
  const call = { entities: json, schema: null } as unknown as official.EntitiesParsingCall;
  return {
    official: official.checkParseEntities(call).type === 'success',
    ours: reads(() => Entities.fromJson(JSON.stringify(json))),
  };
}

function reads(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Yields copies of a JSON value, each with one thing changed: a member added, taken away, renamed or of another type. */
export function* mutants(json: unknown): Generator<{ readonly what: string; readonly json: unknown }> {
  const paths = [...objectsIn(json, [])];
  for (const path of paths) {
    const at = path.join('.');
    const change = (edit: (object: Record<string, unknown>) => void): unknown => {
      const copy = structuredClone(json);
      edit(path.reduce((value, key) => (value as Record<string, unknown>)[key], copy as unknown) as never);
      return copy;
    };
    yield { what: `added at ${at}`, json: change((object) => Object.assign(object, { stranger: 1 })) };
    const object = path.reduce((value, key) => (value as Record<string, unknown>)[key], json) as object;
    for (const name of Object.keys(object)) {
      const renamed = name.length > 1 ? name.slice(0, -1) : `${name}x`;
      yield { what: `${name} taken from ${at}`, json: change((one) => delete one[name]) };
      for (const value of [null, 1, 'x', [], {}, true])
        yield {
          what: `${name} is ${JSON.stringify(value)} at ${at}`,
          json: change((one) => Object.assign(one, { [name]: value })),
        };
      yield {
        what: `${name} renamed at ${at}`,
        json: change((one) => {
          one[renamed] = one[name];
          delete one[name];
        }),
      };
    }
  }
}

function* objectsIn(json: unknown, path: string[]): Generator<string[]> {
  if (typeof json !== 'object' || json === null) return;
  if (!Array.isArray(json)) yield path;
  for (const [key, value] of Object.entries(json)) yield* objectsIn(value, [...path, key]);
}
