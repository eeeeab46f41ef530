import { parseUid, positionAt } from '@writ/cedar';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Bundle } from '../bundle.js';
import type { Finding } from './finding.js';

/** What Writ says of a request to the policies on `approve` and `break_glass`, in `context.request`. */
const SEEN: ReadonlySet<string> = new Set([
  'action',
  'anyArguments',
  'decision',
  'emergency',
  'input',
  'originator',
  'owners',
  'path',
  'policies',
  'step',
  'template',
  'uses',
]);

/** What can be asked for and nobody can approve, and who is asked and cannot be. */
export function checkAccess(bundle: Bundle): Finding[] {
  const { access, schema, policies, sources, texts } = bundle;
  const findings: Finding[] = [];
  const find = (severity: Finding['severity'], message: string, help: string, file = 'access.yaml'): void => {
    findings.push({ severity, file, line: 1, column: 1, message, help });
  };
  const approve = schema.action({ type: 'Action', id: 'approve' });
  const used = new Set<string>();
  for (const { id, file, offset } of sources) {
    const template = policies.policies.get(id)?.annotations.requestable;
    if (template === undefined) continue;
    used.add(template === '' ? 'default' : template);
    const at = positionAt(texts.get(file) ?? '', offset);
    const warn = (message: string, help: string): void =>
      void findings.push({ severity: 'warning', file, ...at, message: `policy ${id}: ${message}`, help });
    if (approve === undefined)
      warn(
        'it can be asked for, and nobody can approve it',
        'declare the action approve in the schema, and say in a policy who may',
      );
    else if (template !== '' && !Object.hasOwn(access.templates, template))
      warn(`access.yaml has no template ${template}`, 'declare it: who is asked, how many, for how long');
  }
  for (const action of [approve, schema.action({ type: 'Action', id: 'break_glass' })]) {
    const type = action?.context.attributes.get('request')?.type;
    if (type?.kind !== 'record') continue;
    for (const [name, { required }] of type.attributes)
      if (required && !SEEN.has(name))
        find(
          'error',
          `${action?.uid.id}: context.request has no ${name}`,
          `it has ${[...SEEN].join(', ')}`,
          'schema.cedarschema',
        );
  }
  for (const [name, { ask, escalate, emergency, catalogs, schema: form }] of Object.entries(access.templates)) {
    if (!used.has(name) && name !== 'default')
      find('warning', `no policy asks by the template ${name}`, 'remove it, or use @requestable');
    for (const uid of [...ask, ...escalate.flatMap((step) => step.ask)]) {
      const type = parseUid(uid)?.type ?? '';
      if (!schema.entityTypes.has(type))
        find('error', `${name}: the schema has no entity type ${type}`, `nobody is ${uid}`);
    }
    if (emergency !== undefined && schema.action({ type: 'Action', id: 'break_glass' }) === undefined)
      find(
        'error',
        `${name}: the schema has no action break_glass`,
        'declare it, and say in a policy who may go without an approval in an emergency',
      );
    if (form === undefined && Object.keys(catalogs).length > 0)
      find('error', `${name}: catalogs are of the fields of a schema`, 'give it a `schema`');
    for (const { type } of Object.values(catalogs))
      if (!schema.entityTypes.has(type))
        find('error', `${name}: the schema has no entity type ${type}`, 'for a catalog');
    const wrong = form === undefined ? undefined : wrongIn(form);
    if (wrong !== undefined) find('error', `${name}: schema: ${wrong}`, 'it is JSON Schema 2020-12');
  }
  return findings;
}

function wrongIn(schema: object): string | undefined {
  try {
    new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
