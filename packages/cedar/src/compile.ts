import { PolicySet } from './authorize/policy-set.js';
import { CedarError } from './errors.js';
import { type JsonObject, memberProblem } from './members.js';
import type { Policy, Slot } from './policy/ast.js';
import { linkTemplate } from './policy/link.js';
import { readPolicy } from './policy/read-policy.js';
import { readPolicyText } from './policy/read-text.js';
import { Schema } from './schema/schema.js';
import type { EntityUid } from './values/uid.js';

/** A policy in Cedar's JSON policy format, or as Cedar text. */
export type PolicyJson = object | string;

/** Cedar's JSON policy set format (Cedar reference, "JSON policy format"). A list gets its ids as text does. */
export interface PolicySetJson {
  readonly staticPolicies?: string | readonly PolicyJson[] | Readonly<Record<string, PolicyJson>>;
  readonly templates?: Readonly<Record<string, PolicyJson>>;
  readonly templateLinks?: readonly TemplateLinkJson[];
}

export interface TemplateLinkJson {
  readonly templateId: string;
  readonly newId: string;
  readonly values: Readonly<Partial<Record<Slot, EntityUid | { readonly __entity: EntityUid }>>>;
}

export interface CompileOptions {
  /** Cedar text, Cedar's JSON policy set, or a list of policies. */
  readonly policies: string | PolicySetJson | readonly PolicyJson[];
  /** Cedar schema text, its JSON form, or a parsed schema: then contexts are read and checked against it. */
  readonly schema?: string | object | Schema | undefined;
  /** Links of the templates in `policies`, when that is text. */
  readonly templateLinks?: readonly TemplateLinkJson[];
}

/**
 * Compiles a policy set once, so that each decision only calls what was compiled. Does not type-check: that is the
 * official validator's work.
 *
 * @throws {CedarError} `policy` or `schema`, with the position in the text or the path in the JSON
 * @example
 * const policies = compile({ policies: 'permit(principal == User::"ana", action, resource);' });
 */
export function compile(options: CompileOptions): PolicySet {
  const schema =
    options.schema === undefined || options.schema instanceof Schema ? options.schema : Schema.parse(options.schema);
  const { statics, templates, links } = readPolicies(options.policies);
  const linked = [...(options.templateLinks ?? []), ...links].map((link) => readLink(link, templates));
  return PolicySet.of([...statics, ...linked], schema);
}

interface ReadPolicies {
  readonly statics: readonly Policy[];
  readonly templates: ReadonlyMap<string, Policy>;
  readonly links: readonly TemplateLinkJson[];
}

function readPolicies(policies: CompileOptions['policies']): ReadPolicies {
  if (typeof policies === 'string') return readText(policies);
  if (typeof policies !== 'object' || policies === null) {
    throw new CedarError('policy', 'policies are Cedar text, a JSON policy set, or a list of policies');
  }
  const set: PolicySetJson = Array.isArray(policies)
    ? { staticPolicies: policies as PolicyJson[] }
    : (policies as PolicySetJson);
  refuseStrangers(set, '$', [], ['staticPolicies', 'templates', 'templateLinks']);
  const fromText = typeof set.staticPolicies === 'string' ? readText(set.staticPolicies) : undefined;
  const templates = Object.entries(set.templates ?? {}).map(
    ([id, template]) => [id, readOne(id, template, 'template')] as const,
  );
  return {
    statics: fromText?.statics ?? readStatics(set.staticPolicies as Exclude<PolicySetJson['staticPolicies'], string>),
    templates: new Map([...(fromText?.templates ?? []), ...templates]),
    links: set.templateLinks ?? [],
  };
}

function readText(text: string): ReadPolicies {
  const statics: Policy[] = [];
  const templates = new Map<string, Policy>();
  for (const { id, json, isTemplate, offset, source } of readPolicyText(text)) {
    const policy = {
      ...readPolicy(id, json, isTemplate ? 'template' : 'static'),
      source: { text, start: offset, end: offset + source.length },
    };
    if (isTemplate) templates.set(id, policy);
    else statics.push(policy);
  }
  return { statics, templates, links: [] };
}

function readStatics(policies: readonly PolicyJson[] | Readonly<Record<string, PolicyJson>> | undefined): Policy[] {
  if (policies === undefined) return [];
  if (!Array.isArray(policies))
    return Object.entries(policies).map(([id, policy]) => readOne(id, policy as PolicyJson));
  return (policies as readonly PolicyJson[]).map((policy, i) => {
    const read = readOne(`policy${i}`, policy);
    return { ...read, id: read.annotations.id ?? read.id };
  });
}

/** One policy, from JSON or from text that is one statement. */
function readOne(id: string, policy: PolicyJson, kind: 'static' | 'template' = 'static'): Policy {
  if (typeof policy !== 'string') return readPolicy(id, policy, kind);
  const [only, more] = readPolicyText(policy);
  if (only === undefined || more !== undefined) {
    throw new CedarError('policy', `policy \`${id}\`: the text is not one policy`, { policyId: id });
  }
  return {
    ...readPolicy(id, only.json, kind),
    source: { text: policy, start: only.offset, end: only.offset + only.source.length },
  };
}

/** @throws {CedarError} when a member is unknown, or one that is required is missing */
function refuseStrangers(json: object, path: string, required: readonly string[], optional?: readonly string[]): void {
  const problem = memberProblem(json as JsonObject, required, optional);
  if (problem !== undefined)
    throw new CedarError('policy', `${path}: ${problem.message}`, { path, help: problem.help });
}

function readLink(link: TemplateLinkJson, templates: ReadonlyMap<string, Policy>): Policy {
  refuseStrangers(link, '$.templateLinks', ['templateId', 'newId', 'values']);
  refuseStrangers(link.values, '$.templateLinks.values', [], ['?principal', '?resource']);
  const template = templates.get(link.templateId);
  if (template === undefined) {
    throw new CedarError(
      'policy',
      `the link \`${link.newId}\` names the template \`${link.templateId}\`, which is not there`,
      {
        policyId: link.newId,
      },
    );
  }
  const values: Partial<Record<Slot, EntityUid>> = {};
  for (const [slot, uid] of Object.entries(link.values)) {
    values[slot as Slot] = '__entity' in uid ? uid.__entity : uid;
  }
  return linkTemplate(template, link.newId, values);
}
