import { Environment } from '@marcbachmann/cel-js';
import type { EntityUid } from '@writ/cedar';
import { messageOf } from '@writ/sdk/lib/message-of';
import { celProblem } from '../lib/cel-problem.js';
import { CredentialError, IdentityMappingError } from './errors.js';

/** The mapping from the claims of an issuer's tokens to identities, as the bundle declares it. */
export interface IdentityMapping {
  /** The entity type. */
  readonly type: string;
  /** CEL over `claims`, giving the id. */
  readonly id: string;
}

const cel = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

type IdentityIn = (claims: Readonly<Record<string, unknown>>) => EntityUid;

const compiled = new WeakMap<IdentityMapping, IdentityIn>();

/** Compiles a mapping; the same one once. @throws {IdentityMappingError} if it is not CEL */
export function compileIdentity(mapping: IdentityMapping): IdentityIn {
  const identity = compiled.get(mapping) ?? compile(mapping);
  compiled.set(mapping, identity);
  return identity;
}

function compile({ type, id }: IdentityMapping): IdentityIn {
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(id);
  } catch (error) {
    const { message, help, offset } = celProblem(error, cel);
    throw new IdentityMappingError(`\`identity.id\` is not CEL: ${message}`, help, offset);
  }
  return (claims) => {
    let value: unknown;
    try {
      value = run({ claims: celValue(claims) });
    } catch (error) {
      throw new CredentialError(`the claims do not say whom the token is about: ${firstLine(error)}`);
    }
    if (typeof value !== 'string' || value === '')
      throw new CredentialError('the claims do not say whom the token is about');
    return { type, id: value };
  };
}

function celValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]));
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? '';
}
