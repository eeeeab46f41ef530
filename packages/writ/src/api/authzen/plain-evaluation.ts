import type { AccessRequest } from '@writ/sdk/authzen';
import { isObject } from '@writ/sdk/lib/is-object';

/** The longest identifier, in characters. */
export const MAX_NAME = 1_024;

/** Reads an access evaluation request that is plainly right, faster than its shape does; undefined if it is in doubt. */
export function plainEvaluation(json: unknown): AccessRequest | undefined {
  if (!isObject(json)) return undefined;
  const subject = plainEntity(json.subject);
  const resource = plainEntity(json.resource);
  const { action, context } = json;
  if (subject === undefined || resource === undefined || !isObject(action) || !isName(action.name)) return undefined;
  if (context !== undefined && !isObject(context)) return undefined;
  if (action.properties !== undefined && !isObject(action.properties)) return undefined;
  const named =
    action.properties === undefined ? { name: action.name } : { name: action.name, properties: action.properties };
  return context === undefined ? { subject, action: named, resource } : { subject, action: named, resource, context };
}

function plainEntity(json: unknown): AccessRequest['subject'] | undefined {
  if (!isObject(json)) return undefined;
  const { type, id, properties } = json;
  if (!isName(type) || !isName(id)) return undefined;
  if (properties === undefined) return { type, id };
  return isObject(properties) ? { type, id, properties } : undefined;
}

function isName(json: unknown): json is string {
  return typeof json === 'string' && json.length > 0 && json.length <= MAX_NAME;
}
