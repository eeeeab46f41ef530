import { MappingError } from '../errors.js';
import { compileTemplate, literalIn, type TemplateOptions, type Variables } from './template.js';

type Json = Readonly<Record<string, unknown>>;

/** An AuthZEN request as a mapping gives it, without its subject: no mapping sets that. */
interface MappedRequest {
  /** Without a name if the mapping leaves it to the default of its binding. */
  readonly action: { readonly name: string | undefined; readonly properties?: Json };
  readonly resource: { readonly type: string; readonly id: string; readonly properties?: Json };
  readonly context: Json;
}

/** The part of a request that is known before there are inputs. */
interface ForeseenRequest {
  readonly action: string | undefined;
  readonly resource: { readonly type: string; readonly id: string } | { readonly type: string };
  /** Whether it says attributes of the resource, or members of the context. */
  readonly saysResource?: boolean;
  readonly saysContext?: boolean;
}

/** A COAZ mapping ready for use (COAZ framework, "The Mapping"). */
export interface Mapping {
  /**
   * Returns the requests for which every decision has to be a permit: one under `evaluation`, one an entry under
   * `evaluations`.
   *
   * @param subject the id that a mapping's `subject.id` has to result in (trust-anchored, by verification)
   * @throws {MappingError} if an expression fails, a required field is absent, or the subject is another
   */
  fill(variables: Variables, subject: string): readonly [MappedRequest, ...MappedRequest[]];
  /** Undefined if actions or types depend on the inputs. */
  readonly foreseen: readonly ForeseenRequest[] | undefined;
}

interface MappingOptions extends TemplateOptions {
  /** Whether the binding has a default for `action.name`. */
  readonly hasDefaultAction: boolean;
  /** The members of `context` that a mapping may not set, because the enforcement point sets them. */
  readonly reserved: ReadonlySet<string>;
}

const PARTS = new Set(['subject', 'action', 'resource', 'context']);
const SUBJECT = new Set(['type', 'id', 'properties']);
const ACTION = new Set(['name', 'properties']);
const RESOURCE = SUBJECT;
const MAX_ENTRIES = 32;

/**
 * Reads a mapping: one member, `evaluation` or `evaluations`, with a template of that API's request.
 *
 * @throws {MappingError} if it is malformed; an unknown member is an error
 */
export function compileMapping(mapping: unknown, options: MappingOptions): Mapping {
  const { path } = options;
  const [envelope, ...more] = Object.entries(objectIn(mapping, path));
  if (envelope === undefined || more.length > 0)
    throw new MappingError(`${path}: a mapping has one member, \`evaluation\` or \`evaluations\``);
  const [name, value] = envelope;
  const body = objectIn(value, `${path}.${name}`);
  switch (name) {
    case 'evaluation':
      return mappingOf(body, [{ template: body, path: `${path}.evaluation` }], options);
    case 'evaluations':
      return mappingOf(body, entriesIn(body, `${path}.evaluations`), options);
    default:
      throw new MappingError(`${path}: ${JSON.stringify(name)} is not \`evaluation\` or \`evaluations\``);
  }
}

interface Entry {
  readonly template: Json;
  readonly path: string;
}

/**
 * Returns the entries with the defaults (AuthZEN Authorization API 1.0, section 7.1.1): a member of an entry replaces
 * that of the top.
 */
function entriesIn(body: Json, path: string): Entry[] {
  const { evaluations, ...defaults } = body;
  known(defaults, PARTS, path);
  if (!Array.isArray(evaluations) || evaluations.length === 0 || evaluations.length > MAX_ENTRIES)
    throw new MappingError(`${path}.evaluations is a list of 1 to ${MAX_ENTRIES} evaluations`);
  return evaluations.map((entry: unknown, i) => {
    const at = `${path}.evaluations[${i}]`;
    const own = objectIn(entry, at);
    // Decisions of one operation have one subject.
    if (Object.hasOwn(own, 'subject')) throw new MappingError(`${at} has a \`subject\`; there is one, for all of them`);
    return { template: { ...defaults, ...own }, path: at };
  });
}

function mappingOf(body: Json, entries: readonly Entry[], options: MappingOptions): Mapping {
  const { subject } = body;
  const { path } = options;
  if (subject !== undefined) known(objectIn(subject, `${path}.subject`), SUBJECT, `${path}.subject`);
  const subjectId = compileTemplate((subject as Json | undefined)?.id, { ...options, path: `${path}.subject.id` });
  const filled = entries.map((entry) => entryOf(entry, options));
  const foreseen = entries.map(({ template }) => foreseenIn(template));
  return {
    fill(variables, anchored) {
      const id = subjectId.fill(variables);
      if (id !== undefined && id !== null && id !== anchored)
        throw new MappingError('`subject.id` is not who the credential is about');
      return filled.map((fill) => fill(variables)) as [MappedRequest, ...MappedRequest[]];
    },
    foreseen: foreseen.every((one) => one !== undefined) ? (foreseen as ForeseenRequest[]) : undefined,
  };
}

function entryOf({ template, path }: Entry, options: MappingOptions): (variables: Variables) => MappedRequest {
  known(template, PARTS, path);
  const { action, resource, context } = template;
  if (action !== undefined) known(objectIn(action, `${path}.action`), ACTION, `${path}.action`);
  if (action === undefined && !options.hasDefaultAction) throw new MappingError(`${path} has no \`action\``);
  known(objectIn(resource, `${path}.resource`), RESOURCE, `${path}.resource`);
  if (typeof context !== 'string' && context !== undefined)
    allowed(objectIn(context, `${path}.context`), options, path);
  const compiled = compileTemplate({ action, resource, context }, { ...options, path });
  const isDefault = (action as Json | undefined)?.name === undefined && options.hasDefaultAction;
  return (variables) => {
    const made = compiled.fill(variables) as { action?: Json; resource: Json; context?: unknown };
    const given = made.context === undefined ? {} : objectIn(made.context, `${path}.context`);
    allowed(given, options, path);
    const { type, id } = made.resource;
    return {
      action: {
        name: isDefault ? undefined : textIn(made.action?.name, `${path}.action.name`),
        ...propertiesIn(made.action, `${path}.action`),
      },
      resource: {
        type: textIn(type, `${path}.resource.type`),
        id: textIn(id, `${path}.resource.id`),
        ...propertiesIn(made.resource, `${path}.resource`),
      },
      context: given,
    };
  };
}

function propertiesIn(of: Json | undefined, path: string): { readonly properties?: Json } {
  return of?.properties === undefined ? {} : { properties: objectIn(of.properties, `${path}.properties`) };
}

function allowed(context: Json, { reserved }: MappingOptions, path: string): void {
  const taken = Object.keys(context).find((name) => reserved.has(name));
  if (taken !== undefined) throw new MappingError(`${path}.context.${taken} is not for a mapping to say`);
}

function foreseenIn({ action, resource, context }: Json): ForeseenRequest | undefined {
  const { name } = (action ?? {}) as Json;
  const { type, id } = resource as Json;
  const [literalName, literalType, literalId] = [literalIn(name), literalIn(type), literalIn(id)];
  if ((name !== undefined && literalName === undefined) || literalType === undefined) return undefined;
  return {
    action: literalName,
    resource: literalId === undefined ? { type: literalType } : { type: literalType, id: literalId },
    ...((resource as Json).properties === undefined ? {} : { saysResource: true }),
    ...(context === undefined ? {} : { saysContext: true }),
  };
}

function known(of: Json, names: ReadonlySet<string>, path: string): void {
  const other = Object.keys(of).find((name) => !names.has(name));
  if (other !== undefined) throw new MappingError(`${path}: ${JSON.stringify(other)} is not of an AuthZEN request`);
}

function objectIn(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MappingError(`${path} is not an object`);
  return value as Json;
}

function textIn(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw new MappingError(`${path} comes to no text`);
  return value;
}
