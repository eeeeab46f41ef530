import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { CedarError, Entities, positionAt, utf16Offset } from '@writ/cedar';
import type { Bundle, PolicySource } from '../bundle.js';
import { SERVICE_SCHEMA_TEXT } from '../service-policy.js';
import type { Finding } from './finding.js';

/**
 * Type-checks the policies and the entities of a bundle against its schema. The policies are the official validator's
 * work, so that `writ check` says what `cedar validate` would.
 */
export function checkTypes(bundle: Bundle): Finding[] {
  return [...checkPolicies(bundle), ...checkServicePolicies(bundle), ...checkEntities(bundle)];
}

function checkPolicies(bundle: Bundle): Finding[] {
  const byId = new Map(bundle.sources.map((source) => [source.id, source]));
  const answer = official.validate({
    schema: bundle.schema.text,
    policies: { staticPolicies: Object.fromEntries(bundle.sources.map(({ id, source }) => [id, source])) },
  });
  if (answer.type === 'failure') {
    return answer.errors.map((error) => ({
      severity: 'error',
      file: 'policies',
      line: 1,
      column: 1,
      message: error.message,
    }));
  }
  const finding = (severity: Finding['severity'], { policyId, error }: official.ValidationError): Finding => {
    const source = byId.get(policyId) as PolicySource;
    const start = error.sourceLocations?.[0]?.start ?? 0;
    const text = bundle.texts.get(source.file) ?? '';
    const { line, column } = positionAt(text, source.offset + utf16Offset(source.source, start));
    return {
      severity,
      file: source.file,
      line,
      column,
      message: error.message.replace(/^for policy `[^`]*`, /, `policy ${policyId}: `),
      help: error.help ?? undefined,
    };
  };
  return [
    ...answer.validationErrors.map((error) => finding('error', error)),
    ...answer.validationWarnings.map((warning) => finding('warning', warning)),
  ];
}

function checkServicePolicies(bundle: Bundle): Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of bundle.texts) {
    if (!file.startsWith('service/')) continue;
    const answer = official.validate({ schema: SERVICE_SCHEMA_TEXT, policies: { staticPolicies: text } });
    const errors = answer.type === 'failure' ? answer.errors : answer.validationErrors.map(({ error }) => error);
    for (const error of errors) {
      const start = error.sourceLocations?.[0]?.start ?? 0;
      const { line, column } = positionAt(text, utf16Offset(text, start));
      findings.push({ severity: 'error', file, line, column, message: error.message, help: error.help ?? undefined });
    }
  }
  return findings;
}

function checkEntities(bundle: Bundle): Finding[] {
  try {
    Entities.fromJson(bundle.entities, { schema: bundle.schema });
    return [];
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    return [{ severity: 'error', file: 'entities', line: 1, column: 1, message: error.message, help: error.help }];
  }
}
