import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import pc from 'picocolors';
import { TOKEN_TYPE } from '../provenance/transaction-token.js';
import { EXIT, type ExitCode } from './exit.js';
import { complain, print, printJson } from './output.js';

export interface InspectFlags {
  readonly service: string;
  readonly json?: boolean;
}

const ASSURANCE = ['nobody vouches', 'asserted', 'authenticated', 'bound', 'chained'];

interface Member {
  readonly sub: string;
  readonly assurance: number;
}

/** `writ token inspect`: shows a transaction token's path as a tree, and whether the service's published keys verify it. */
export async function inspectToken(token: string, { service, json }: InspectFlags): Promise<ExitCode> {
  const text = (token === '-' ? readFileSync(0, 'utf8') : token).trim();
  let claims: Record<string, unknown>;
  let header: Record<string, unknown>;
  try {
    [claims, header] = [decodeJwt(text), decodeProtectedHeader(text)];
  } catch {
    complain('this is not a token: three parts of base64url with dots between them');
    return EXIT.wrongUse;
  }
  const why = await problemWith(text, service);
  if (json === true) printJson({ verified: why === undefined, why, header, claims });
  else {
    print(treeOf(claims));
    print(
      why === undefined
        ? `${pc.green('verified')}  signed by ${String(claims.iss)} with key ${String(header.kid)}`
        : `${pc.red('NOT verified')}  ${why}`,
    );
  }
  return why === undefined ? EXIT.ok : EXIT.notSo;
}

async function problemWith(token: string, service: string): Promise<string | undefined> {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', service), { timeoutDuration: 3_000 });
  try {
    await jwtVerify(token, keys, { typ: TOKEN_TYPE, algorithms: ['ES256', 'Ed25519'] });
    return undefined;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return `it is signed with no key of ${service}`;
    if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC') return error.message;
    return `the keys of ${service} cannot be had; is \`writ start\` running?`;
  }
}

function treeOf(claims: Record<string, unknown>): string {
  const { txn, scope, aud, exp } = claims;
  const left = typeof exp === 'number' ? Math.round(exp - Date.now() / 1_000) : undefined;
  const until = left === undefined ? 'never expires' : left > 0 ? `expires in ${left} s` : `expired ${-left} s ago`;
  const path = ((claims.agentic_ctx as { path?: Member[] } | undefined)?.path ?? []) as Member[];
  const lines = path.map(({ sub, assurance }, i) => {
    const branch = i === 0 ? '' : `${'   '.repeat(i - 1)}└─ `;
    const role = i === 0 ? 'originator' : i === path.length - 1 ? 'acts now' : 'handed it on';
    return `  ${branch}${pc.bold(sub)}  ${pc.dim(`${role}; ${ASSURANCE[assurance] ?? 'unknown'} (${assurance})`)}`;
  });
  return [`transaction ${pc.bold(String(txn))} for ${String(scope)}, in ${String(aud)}, ${until}`, ...lines].join('\n');
}
