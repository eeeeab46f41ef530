import { PolicySet } from './authorize/policy-set.js';
import { CedarError } from './errors.js';
import type { Policy, Slot } from './policy/ast.js';
import { linkTemplate } from './policy/link.js';
import { readPolicy } from './policy/read-policy.js';
import { readPolicyText } from './policy/read-text.js';
import { Schema } from './schema/schema.js';
import type { EntityUid } from './values/entity.js';

/** Cedar's JSON policy set format (Cedar reference, "JSON policy format"). */
export interface PolicySetJson {
  readonly staticPolicies?: Readonly<Record<string, object>>;
  readonly templates?: Readonly<Record<string, object>>;
  readonly templateLinks?: readonly TemplateLinkJson[];
}

export interface TemplateLinkJson {
  readonly templateId: string;
  readonly newId: string;
  readonly values: Readonly<Partial<Record<Slot, EntityUid | { readonly __entity: EntityUid }>>>;
}

export interface CompileOptions {
  /** Cedar text, or Cedar's JSON policy set. */
  readonly policies: string | PolicySetJson;
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
  const { statics, templates } =
    typeof options.policies === 'string' ? readText(options.policies) : readJson(options.policies);
  const links = [
    ...(options.templateLinks ?? []),
    ...(typeof options.policies === 'string' ? [] : (options.policies.templateLinks ?? [])),
  ];
  return new PolicySet([...statics, ...links.map((link) => readLink(link, templates))], schema);
}

interface ReadPolicies {
  readonly statics: readonly Policy[];
  readonly templates: ReadonlyMap<string, Policy>;
}

function readText(text: string): ReadPolicies {
  const statics: Policy[] = [];
  const templates = new Map<string, Policy>();
  for (const { id, json, isTemplate, offset, source } of readPolicyText(text)) {
    const policy = { ...readPolicy(id, json), source: { text, start: offset, end: offset + source.length } };
    if (isTemplate) templates.set(id, policy);
    else statics.push(policy);
  }
  return { statics, templates };
}

function readJson(json: PolicySetJson): ReadPolicies {
  return {
    statics: Object.entries(json.staticPolicies ?? {}).map(([id, policy]) => readPolicy(id, policy)),
    templates: new Map(Object.entries(json.templates ?? {}).map(([id, policy]) => [id, readPolicy(id, policy)])),
  };
}

function readLink(link: TemplateLinkJson, templates: ReadonlyMap<string, Policy>): Policy {
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
